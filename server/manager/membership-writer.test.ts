import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../test/services/postgres.ts';
import { copyDataDir } from '../../test/services/templates.ts';
import type { ManagerPrincipal } from '../access/principal.ts';
import { createLocalBus } from '../platform/bus.ts';
import { openDatabase, type Database } from '../platform/database/database.ts';
import { createLogger } from '../platform/log.ts';
import { ensureSystem } from '../topology/service.ts';
import type { MembershipReport, ReportAnswer, ReportedNode } from './membership.ts';
import { KnownNodes } from './known-nodes.ts';
import { MembershipWriter } from './membership-writer.ts';

const logger = createLogger('silent');
/** It stands, until a test moves it. */
let seconds = 0;
const clock = { now: () => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)) };
const EPOCH = 3;

const names = ['a', 'b', 'c', 'd'] as const;
const node = fc.record({
  status: fc.constantFrom('RUNNING' as const, 'DOWN' as const, 'STARTING' as const),
  statusReason: fc.constantFrom(null, 'why'),
  restarts: fc.nat(1),
});
/** Of each name: nothing, what it is now, or that it has left. */
const told = fc.record(
  Object.fromEntries(
    names.map((name) => [name, fc.option(fc.oneof(node, fc.constant('left' as const)), { nil: undefined })]),
  ),
);
const sent = fc.record({
  cluster: fc.nat(2),
  kind: fc.constantFrom('SNAPSHOT' as const, 'DELTA' as const, 'DELTA' as const),
  told,
  // Mostly the next one under the right epoch: but also one that comes twice, skips one, or is stale.
  step: fc.constantFrom(1, 1, 1, 1, 0, 2),
  epoch: fc.constantFrom(EPOCH, EPOCH, EPOCH, EPOCH, EPOCH - 1),
  /** Which of two servers takes it. */
  server: fc.nat(1),
});
/** What else happens to the database: rows of nodes that left are dropped, a backup is made or put back. */
const meanwhile = fc.constantFrom('forget' as const, 'backup' as const, 'restore' as const);
type Sent = typeof sent extends fc.Arbitrary<infer T> ? T : never;

const first = { status: 'RUNNING' as const, statusReason: null, restarts: 0 };
/** Each cluster begins with two nodes, so that most of what follows is taken. */
const begin: Sent[] = [0, 1, 2].map((cluster) => ({
  cluster,
  kind: 'SNAPSHOT',
  told: { a: first, b: first },
  step: 1,
  epoch: EPOCH,
  server: 0,
}));

/** The reports as a manager numbers them that believes that each was applied. */
function numbered(all: readonly Sent[]): { cluster: number; report: MembershipReport }[] {
  const sequences = new Map<number, number>();
  return all.map(({ cluster, kind, told: facts, step, epoch }) => {
    const sequence = Math.max(1, (sequences.get(cluster) ?? 0) + step);
    sequences.set(cluster, sequence);
    const nodes: ReportedNode[] = [];
    const left: MembershipReport['left'] = [];
    for (const [name, fact] of Object.entries(facts)) {
      if (fact === 'left') left.push({ name, reason: null });
      else if (fact) nodes.push({ name, ...whole, ...fact });
    }
    return { cluster, report: { epoch, sequence, kind, nodes, left } };
  });
}
const whole = { restarts: 0, labels: {}, lastOutput: [] };

describe.each(['pglite', 'postgres'] as const)('reports that arrive together, on %s', (kind) => {
  const folder = mkdtempSync(join(tmpdir(), 'oc-writer-'));
  let database: Database;
  let drop: () => Promise<void>;
  let made = 0;

  beforeAll(async () => {
    drop = async () => rmSync(folder, { recursive: true });
    if (kind === 'pglite') {
      copyDataDir(folder);
      database = await openDatabase({ dataDir: folder, log: logger });
    } else {
      const server = await createTestDatabase(process.env['TEST_DATABASE_TEMPLATE']);
      drop = () => server.drop();
      database = await openDatabase({ databaseUrl: server.url, dataDir: folder, log: logger });
    }
    await ensureSystem({ prisma: database.prisma, bus: createLocalBus(), clock }, 'Written');
  });
  afterAll(async () => {
    await database.close();
    await drop();
  });

  /** Of a server that knows nothing yet. */
  const writer = (known = new KnownNodes()) =>
    new MembershipWriter(
      { inSqlTransaction: database.inSqlTransaction, bus: createLocalBus(), clock },
      { known },
    );
  /** Of one that never knows anything. */
  const forgetful = () => writer(new KnownNodes(0));

  /** Three clusters with a primary each. */
  async function clusters(): Promise<ManagerPrincipal[]> {
    const { prisma } = database;
    const all = Array.from({ length: 3 }, () => `shop-${++made}`);
    for (const id of all) {
      const at = clock.now();
      await prisma.cluster.create({
        data: {
          id,
          name: id,
          kind: 'process',
          statusReason: 'new',
          statusSince: at,
          createdAt: at,
          epoch: EPOCH,
        },
      });
      await prisma.manager.create({
        data: {
          id,
          clusterId: id,
          name: 'm',
          version: '1',
          credentialHash: id,
          credentialExpiresAt: new Date(at.getTime() + 86_400_000),
          lastSeenAt: at,
          registeredAt: at,
        },
      });
      await prisma.cluster.update({ where: { id }, data: { primaryId: id } });
    }
    return all.map((id) => ({
      kind: 'manager',
      managerId: id,
      clusterId: id,
      name: 'm',
      credentialHash: id,
      credentialId: id,
    }));
  }

  /** What the database and the log say of clusters, without their ids. */
  async function stateOf(principals: readonly ManagerPrincipal[]) {
    return Promise.all(
      principals.map(async ({ clusterId }) => {
        const { id, name, primaryId, events, nodes, ...cluster } =
          await database.prisma.cluster.findUniqueOrThrow({
            where: { id: clusterId },
            omit: { membershipMark: true },
            include: {
              nodes: { orderBy: { name: 'asc' }, omit: { id: true, clusterId: true } },
              events: { orderBy: { revision: 'asc' }, select: { kind: true, summary: true } },
            },
          });
        // Those of each node, and of the cluster itself, in their order: each begins with the name.
        const history = events
          .map(({ kind: what, summary }) => ({ what, summary: summary.replaceAll(name, 'it') }))
          .sort((one, other) =>
            one.summary[0]! < other.summary[0]! ? -1 : Number(one.summary[0]! > other.summary[0]!),
          );
        return { cluster, nodes, history, own: primaryId === id };
      }),
    );
  }

  /** A backup of the clusters. @returns the function that puts them back as they are now. */
  async function backupOf(principals: readonly ManagerPrincipal[]): Promise<() => Promise<void>> {
    const { prisma } = database;
    const where = { clusterId: { in: principals.map(({ clusterId }) => clusterId) } };
    const nodes = await prisma.node.findMany({ where });
    const rows = await prisma.cluster.findMany({ where: { id: where.clusterId } });
    return async () => {
      await prisma.node.deleteMany({ where });
      await prisma.node.createMany({ data: nodes.map((row) => ({ ...row, labels: row.labels as object })) });
      for (const row of rows) await prisma.cluster.update({ where: { id: row.id }, data: row });
    };
  }

  const forgetLeft = (principals: readonly ManagerPrincipal[]) =>
    database.prisma.node.deleteMany({
      where: { clusterId: { in: principals.map(({ clusterId }) => clusterId) }, status: 'LEFT' },
    });

  const answerOf = (answer: Promise<ReportAnswer>) =>
    answer.catch(({ extensions }: { extensions: object }) => ({ ...extensions }));

  it('end in the same state, log and answers as when each comes alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 12 }), async (all) => {
        const reports = numbered([...begin, ...all]);
        const [together, alone] = [await clusters(), await clusters()];
        const grouped = writer();
        const answers = await Promise.all(
          reports.map(({ cluster, report }) => answerOf(grouped.write(together[cluster]!, report))),
        );
        const single = forgetful();
        for (const [index, { cluster, report }] of reports.entries())
          expect(answers[index]).toEqual(await answerOf(single.write(alone[cluster]!, report)));
        expect(await stateOf(together)).toEqual(await stateOf(alone));
      }),
      { numRuns: 15 },
    );
  });

  it('end as if nothing was known of them, whichever server takes each, also after a restored backup', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 5, arbitrary: sent }, meanwhile), { maxLength: 14 }),
        async (all) => {
          const [own, others] = [await clusters(), await clusters()];
          const servers = [writer(), writer()];
          const cold = forgetful();
          let backups = [await backupOf(own), await backupOf(others)];
          const reports = numbered([
            ...begin,
            ...all.filter((one): one is Sent => typeof one !== 'string'),
          ]).values();
          for (const [index, one] of [...begin, ...all].entries()) {
            seconds = index;
            if (one === 'forget') for (const arm of [own, others]) await forgetLeft(arm);
            else if (one === 'backup') backups = [await backupOf(own), await backupOf(others)];
            else if (one === 'restore') for (const restore of backups) await restore();
            else {
              const { cluster, report } = reports.next().value!;
              const answer = await answerOf(servers[one.server]!.write(own[cluster]!, report));
              expect(answer).toEqual(await answerOf(cold.write(others[cluster]!, report)));
            }
          }
          seconds = 0;
          expect(await stateOf(own)).toEqual(await stateOf(others));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('are written though rows that were known have been removed by hand', async () => {
    const [principal] = await clusters();
    const server = writer();
    const report = (sequence: number, status: 'RUNNING' | 'DOWN'): MembershipReport => ({
      ...{ epoch: EPOCH, sequence, kind: 'SNAPSHOT', left: [] },
      nodes: [{ name: 'a', status, ...whole }],
    });
    await server.write(principal!, report(1, 'RUNNING'));
    await database.prisma.node.deleteMany({ where: { clusterId: principal!.clusterId } });
    expect(await server.write(principal!, report(2, 'DOWN'))).toEqual({ applied: true, sequence: 2 });
    const [state] = await stateOf([principal!]);
    expect(state!.nodes).toMatchObject([{ name: 'a', status: 'DOWN' }]);
  });

  it('and one that cannot be stored fails by itself', async () => {
    const principals = await clusters();
    const round = writer();
    const report = (pid: number): MembershipReport => ({
      epoch: EPOCH,
      sequence: 1,
      kind: 'SNAPSHOT',
      nodes: [{ name: 'a', status: 'RUNNING', ...whole, pid }],
      left: [],
    });
    const pids = [1, 2 ** 40, 3];
    const settled = await Promise.allSettled(
      principals.map((principal, index) => round.write(principal, report(pids[index]!))),
    );
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const stored = (await stateOf(principals)).map(({ nodes, cluster: { membershipSequence } }) => [
      nodes.map(({ pid }) => pid),
      membershipSequence,
    ]);
    expect(stored).toEqual([
      [[1], 1],
      [[], 0],
      [[3], 1],
    ]);
  });
});
