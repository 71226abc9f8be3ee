import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyDataDir } from '../../test/services/templates.ts';
import { createLocalBus } from '../platform/bus.ts';
import { systemClock } from '../platform/clock.ts';
import { jsonReader, type ReadJson } from '../platform/database/read-json.ts';
import { sqlTransactions, type InSqlTransaction } from '../platform/database/sql-transaction.ts';
import { PrismaClient } from '../platform/generated/prisma/client.ts';
import { createLogger } from '../platform/log.ts';
import { logReader } from '../platform/event-log.ts';
import { Tail } from '../platform/tail.ts';
import { ensureSystem } from '../topology/service.ts';
import type { Principal } from '../access/principal.ts';
import { withoutAuthentication } from '../access/testing.ts';
import { MembershipWriter } from '../manager/membership-writer.ts';
import { renewalsInRounds } from '../manager/renewals.ts';
import { deliveriesInRounds } from '../operation/delivery.ts';
import { MetricFeed } from '../metric/feed.ts';
import { createApi } from './yoga.ts';

const SYSTEM_PAGE = `{
  system {
    status nodeCounts { status count } clusterCounts { status count }
    clusterFacets { statuses { count } labels { key values { value count } } }
  }
  clusters(first: 100) {
    totalCount
    edges { node {
      name status nodeCounts { status count } labels { key value }
      primary { name role status leaseExpiresAt }
      managers(first: 3) { totalCount edges { node { name role } } }
      viewerCan { action allowed }
      cells(limit: 10) { name status viewerCan { allowed } }
      nodes(first: 5) { totalCount edges { node { name status cluster { name } } } }
      history(first: 5) { edges { node { kind summary node { name } } } }
    } }
  }
}`;
const OPERATIONS_PAGE = `{
  operations(first: 100) {
    totalCount
    edges { node {
      kind status statusReason startedAt viewerCan { allowed } stepCounts { status count } commandCounts { status count }
      commands(first: 10) { totalCount edges { node {
        status hold { reason } stepCounts { status count } cluster { name }
        steps(first: 10) { edges { node { status node { name status } } } }
      } } }
    } }
  }
}`;

describe('the number of queries', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oc-queries-'));
  const logger = createLogger('silent');
  let pglite: PGlite;
  let prisma: PrismaClient;
  let readJson: ReadJson;
  let inSqlTransaction: InSqlTransaction;
  let queries: string[] = [];

  beforeAll(async () => {
    copyDataDir(folder);
    pglite = await PGlite.create(join(folder, 'db'));
    const observed = new PrismaClient({
      adapter: new PrismaPGlite(pglite),
      log: [{ emit: 'event', level: 'query' }],
    });
    observed.$on('query', ({ query }) => queries.push(query));
    prisma = observed;
    const driver = await new PrismaPGlite(pglite).connect();
    inSqlTransaction = sqlTransactions(driver);
    const read = jsonReader(driver);
    readJson = (query) => {
      queries.push(query.text);
      return read(query);
    };
    await ensureSystem({ prisma, bus: createLocalBus(), clock: systemClock }, 'Counted');
  });
  afterAll(async () => {
    await prisma.$disconnect();
    await pglite.close();
    rmSync(folder, { recursive: true });
  });

  async function fill(from: number, clusters: number): Promise<void> {
    const now = new Date();
    for (let c = from; c < from + clusters; c++) {
      const cluster = await prisma.cluster.create({
        data: {
          name: `c${c}`,
          kind: 'process',
          statusReason: '',
          statusSince: now,
          link: 'CONNECTED',
          labels: {
            create: [
              { key: 'env', value: 'x' },
              { key: `only-${c}`, value: 'y' },
            ],
          },
        },
      });
      const manager = await prisma.manager.create({
        data: {
          clusterId: cluster.id,
          name: 'm',
          version: '1',
          credentialHash: `h${c}`,
          credentialExpiresAt: now,
          lastSeenAt: now,
          registeredAt: now,
        },
      });
      await prisma.cluster.update({ where: { id: cluster.id }, data: { primaryId: manager.id } });
      const nodes = await prisma.node.createManyAndReturn({
        data: Array.from({ length: 8 }, (_, n) => ({
          clusterId: cluster.id,
          name: `n${n}`,
          status: 'RUNNING' as const,
          statusSince: now,
          reportedAt: now,
          joinedAt: now,
        })),
      });
      const operation = await prisma.operation.create({
        data: {
          kind: 'RESTART',
          mode: 'FORCED',
          status: 'RUNNING',
          reason: 'r',
          actor: 'a',
          startedBy: 'test',
          idempotencyKey: `k${c}`,
          requestHash: '',
          createdAt: now,
          rollout: {},
          expiresInSeconds: 60,
        },
      });
      const wave = await prisma.wave.create({
        data: {
          operationId: operation.id,
          index: 0,
          name: 'all',
          status: 'RUNNING',
          manualGate: false,
          soakSeconds: 0,
          failureBudget: 0,
          offlineBudget: 0,
          pending: 1,
        },
      });
      const command = await prisma.command.create({
        data: {
          operationId: operation.id,
          clusterId: cluster.id,
          waveId: wave.id,
          position: 0,
          kind: 'RESTART',
          mode: 'FORCED',
          status: 'PENDING',
          issuedAt: now,
          expiresAt: now,
        },
      });
      await prisma.step.createMany({
        data: nodes.map((node, position) => ({
          commandId: command.id,
          nodeId: node.id,
          nodeName: node.name,
          batch: 0,
          position,
          status: 'PENDING' as const,
        })),
      });
      await prisma.event.create({
        data: {
          revision: BigInt(c + 2),
          at: now,
          kind: 'NODE_CHANGED',
          summary: 's',
          clusterId: cluster.id,
          nodeId: nodes[0]!.id,
        },
      });
    }
  }

  const principals: [string, Principal][] = [
    ['one who sees all', { kind: 'local', name: 'local' }],
    [
      'one who sees some',
      {
        ...{ kind: 'key', keyId: 'k', name: 'k', expiresAt: null },
        grants: [{ role: 'OPERATOR', clusters: { names: ['c0'], labels: [{ key: 'env', value: 'x' }] } }],
      },
    ],
  ];
  const bus = createLocalBus();
  const apiWith = (metrics: MetricFeed, principal = principals[0]![1]) => {
    const api = createApi({
      prisma,
      readJson,
      bus,
      clock: systemClock,
      logger,
      tail: new Tail({ log: logReader({ prisma, readJson }), bus, logger }),
      membershipWriter: new MembershipWriter({ inSqlTransaction, bus, clock: systemClock }),
      renewals: renewalsInRounds({ prisma, clock: systemClock, leaseMs: 10_000 }),
      deliveries: deliveriesInRounds({ prisma, bus, clock: systemClock }),
      ...withoutAuthentication,
      authenticate: async () => principal,
      metrics,
      leaseMs: 10_000,
      credentialMs: 86_400_000,
      graceUntil: new Date(),
    });
    return (query: string, accept = 'application/json') =>
      api.fetch('http://127.0.0.1/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: JSON.stringify({ query }),
      });
  };

  let filled = 0;
  it.each(principals)('does not grow with the number of rows for %s', async (_who, principal) => {
    const ask = apiWith(new MetricFeed({ prisma, bus, logger }), principal);
    const count = async (query: string) => {
      queries = [];
      const response = await ask(query);
      const { errors } = (await response.json()) as { errors?: unknown };
      expect(errors).toBeUndefined();
      return queries.length;
    };
    await fill(filled, 2);
    const few = [await count(SYSTEM_PAGE), await count(OPERATIONS_PAGE)];
    await fill(filled + 2, 30);
    filled += 32;
    expect([await count(SYSTEM_PAGE), await count(OPERATIONS_PAGE)]).toEqual(few);
    expect(Math.min(...few)).toBeGreaterThan(0);
  });

  it('nor with those who follow the same metrics', async () => {
    const feed = new MetricFeed({ prisma, bus, logger, paceMs: 0 });
    await feed.start();
    const ask = apiWith(feed);
    const { id } = await prisma.node.findFirstOrThrow();
    const report = async (value: number) => {
      await prisma.$executeRaw`
        INSERT INTO node_metric AS m (node_id, name, value, at, epoch, written)
        VALUES (${id}, 'cpu', ${value}, now(), 1, pg_current_xact_id())
        ON CONFLICT (node_id, name) DO UPDATE SET value = excluded.value, written = excluded.written`;
      bus.ring('metrics');
    };
    const followers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { body } = await ask(
          `subscription { metricsReported(nodeIds: ["${id}"]) { nodes { metrics { value } } } }`,
          'text/event-stream',
        );
        return body!.pipeThrough(new TextDecoderStream()).getReader();
      }),
    );
    const allRead = (sign: string) =>
      Promise.all(
        followers.map(async (follower) => {
          for (let text = ''; !text.includes(sign);) {
            const { done, value } = await follower.read();
            if (done) throw new Error(`It ended: ${text}`);
            text += value;
          }
        }),
      );
    await allRead('metricsReported');
    // Who came one after the other is at one place with the first of these.
    await report(1.5);
    await allRead('"value":1.5');
    queries = [];
    await report(2.5);
    await allRead('"value":2.5');
    expect(queries.filter((query) => query.includes('JOIN node'))).toHaveLength(1);
    await Promise.all(followers.map((follower) => follower.cancel()));
    await feed.stop();
  });
});
