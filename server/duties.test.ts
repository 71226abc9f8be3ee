import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../test/harness/until.ts';
import { copyDataDir } from '../test/services/templates.ts';
import { withoutAuthentication } from './access/testing.ts';
import { startDuties } from './duties.ts';
import type { Deps } from './deps.ts';
import { MembershipWriter } from './manager/membership-writer.ts';
import { renewalsInRounds } from './manager/renewals.ts';
import { deliveriesInRounds } from './operation/delivery.ts';
import { createLocalBus } from './platform/bus.ts';
import { openDatabase, type Database } from './platform/database/database.ts';
import { change, logReader } from './platform/event-log.ts';
import { createLogger } from './platform/log.ts';
import { Tail } from './platform/tail.ts';
import { ensureSystem } from './topology/service.ts';

const folder = mkdtempSync(join(tmpdir(), 'oc-duties-'));
const logger = createLogger('silent');
let database: Database;
beforeAll(async () => {
  copyDataDir(folder);
  database = await openDatabase({ dataDir: folder, log: logger });
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

it('a duty that fails keeps none of the others from being done', async () => {
  const bus = createLocalBus();
  const clock = { now: () => new Date(Date.UTC(2026, 0, 1)) };
  const { prisma } = database;
  await ensureSystem({ prisma, bus, clock }, 'Dutiful');
  for (const summary of ['old', 'new']) {
    await change({ prisma, bus, clock }, async (_tx, record) => record({ kind: 'CLUSTER_CHANGED', summary }));
  }
  let failed = 0;
  const failing = prisma.$extends({
    query: {
      cluster: {
        findMany: () => {
          failed++;
          return Promise.reject(new Error('The sweep cannot read.'));
        },
      },
    },
  }) as unknown as typeof prisma;
  const deps: Deps = {
    prisma: failing,
    readJson: database.readJson,
    bus,
    clock,
    logger,
    tail: new Tail({ log: logReader(database), bus, logger }),
    membershipWriter: new MembershipWriter({ inSqlTransaction: database.inSqlTransaction, bus, clock }),
    renewals: renewalsInRounds({ prisma, clock, leaseMs: 40 }),
    deliveries: deliveriesInRounds({ prisma, bus, clock }),
    ...withoutAuthentication,
    credentialMs: 86_400_000,
    leaseMs: 40,
    metrics: { position: { revision: 0n, mark: '' }, next: async () => undefined },
    graceUntil: new Date(0),
  };
  const end = startDuties(deps, { held: true }, { maxAgeMs: 86_400_000, maxEvents: 1, endedMs: 86_400_000 });
  await until('all but the newest event are gone', async () => (await prisma.event.count()) === 1);
  await end();
  expect(failed).toBeGreaterThan(0);
});
