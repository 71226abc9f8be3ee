import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyDataDir } from '../../test/services/templates.ts';
import { newToken } from '../access/enrolment.ts';
import { hashSecret, type ManagerPrincipal } from '../access/principal.ts';
import { withoutAuthentication } from '../access/testing.ts';
import type { Deps } from '../deps.ts';
import { createLocalBus } from '../platform/bus.ts';
import { openDatabase, type Database } from '../platform/database/database.ts';
import { createLogger } from '../platform/log.ts';
import { logReader } from '../platform/event-log.ts';
import { Tail } from '../platform/tail.ts';
import { ensureSystem } from '../topology/service.ts';
import { MembershipWriter } from './membership-writer.ts';
import { renewLease } from './heartbeat.ts';
import { renewalsInRounds } from './renewals.ts';
import { registerManager } from './session.ts';
import { sweepLeases } from './sweep.ts';

const LEASE_MS = 10_000;

describe('the sweep, by a clock of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oc-sweep-'));
  const logger = createLogger('silent');
  let database: Database;
  let now = Date.UTC(2026, 0, 1);

  beforeAll(async () => {
    copyDataDir(folder);
    database = await openDatabase({ dataDir: folder, log: logger });
    await ensureSystem(
      { prisma: database.prisma, bus: createLocalBus(), clock: { now: () => new Date(now) } },
      'Swept',
    );
  });
  afterAll(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  /** What a server has that was started now. */
  function started(): Deps {
    const { prisma, readJson } = database;
    const bus = createLocalBus();
    const clock = { now: () => new Date(now) };
    const tail = new Tail({ log: logReader(database), bus, logger });
    return {
      prisma,
      readJson,
      bus,
      clock,
      logger,
      tail,
      membershipWriter: new MembershipWriter({ inSqlTransaction: database.inSqlTransaction, bus, clock }),
      renewals: renewalsInRounds({ prisma, clock, leaseMs: LEASE_MS }),
      deliveries: { mark: () => Promise.reject(new Error('Nothing is handed over here.')) },
      ...withoutAuthentication,
      metrics: { position: { revision: 0n, mark: '' }, next: async () => undefined },
      leaseMs: LEASE_MS,
      credentialMs: 86_400_000,
      graceUntil: new Date(now + LEASE_MS * 1.5),
    };
  }

  async function enrol(deps: Deps, cluster: string): Promise<ManagerPrincipal> {
    const token = newToken();
    await deps.prisma.enrolmentToken.create({
      data: { hash: hashSecret(token), usesLeft: 1, expiresAt: new Date(now + 60_000), createdBy: 'test' },
    });
    const manager = { url: null, consoleUrl: null, host: null, pid: null, version: '1', capabilities: [] };
    const { managerId, clusterId } = await registerManager(
      deps,
      { principal: { kind: 'local', name: 'local' }, from: '127.0.0.1' },
      {
        credential: `of ${cluster}`,
        token,
        cluster: { name: cluster, kind: 'process', labels: [] },
        manager: { ...manager, name: `${cluster}-m1` },
      },
    );
    return {
      kind: 'manager',
      managerId,
      clusterId,
      name: `${cluster}-m1`,
      credentialHash: '',
      credentialId: '',
    };
  }

  const linkOf = async ({ clusterId }: ManagerPrincipal) =>
    (await database.prisma.cluster.findUniqueOrThrow({ where: { id: clusterId } })).link;

  it('notices a silent primary when its lease has run out, and not before', async () => {
    const deps = started();
    now += LEASE_MS * 2;
    const manager = await enrol(deps, 'quiet');
    now += LEASE_MS;
    await sweepLeases(deps);
    expect(await linkOf(manager)).toBe('CONNECTED');
    now += 1;
    await sweepLeases(deps);
    expect(await linkOf(manager)).toBe('SILENT');
    const lease = await renewLease(deps, manager, { epoch: 1, membershipSequence: 0 });
    expect(lease).toMatchObject({ role: 'PRIMARY', epoch: 1 });
    expect(await linkOf(manager)).toBe('CONNECTED');
  });

  it('notices very many silent managers in several transactions, each once', async () => {
    const deps = started();
    now += LEASE_MS * 2;
    const { clusterId } = await enrol(deps, 'crowded');
    await database.prisma.manager.createMany({
      data: Array.from({ length: 1100 }, (_, n) => ({
        ...{ clusterId, name: `m${n}`, version: '1', credentialHash: `hash ${n}` },
        ...{ credentialExpiresAt: new Date(now), lastSeenAt: new Date(now), registeredAt: new Date(now) },
      })),
    });
    now += LEASE_MS + 1;
    await sweepLeases(deps);
    await sweepLeases(deps);
    const told = await database.prisma.event.findMany({ where: { kind: 'MANAGER_SILENT', clusterId } });
    expect(told).toHaveLength(1101);
    const marks = new Set(told.map(({ mark }) => mark));
    expect(marks.size, 'of 500 at most').toBeGreaterThanOrEqual(3);
  });

  it('declares nobody lost, and passes no lease on, before the grace period after a start is over', async () => {
    const before = started();
    now += LEASE_MS * 2;
    const primary = await enrol(before, 'patient');
    now += 3_600_000;
    const after = started();
    now += LEASE_MS * 1.5 - 1;
    await sweepLeases(after);
    expect(await linkOf(primary)).toBe('CONNECTED');
    expect(await renewLease(after, primary, { epoch: 1, membershipSequence: 0 })).toMatchObject({ epoch: 1 });
    now += 3_600_000;
    const later = started();
    now += LEASE_MS * 1.5 + 1;
    await sweepLeases(later);
    expect(await linkOf(primary)).toBe('SILENT');
  });
});
