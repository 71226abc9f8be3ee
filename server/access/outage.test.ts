import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyDataDir } from '../../test/services/templates.ts';
import { openDatabase, type Database } from '../platform/database/database.ts';
import { createLogger } from '../platform/log.ts';
import { excuseOutage } from './outage.ts';

const HOUR = 3_600_000;
/** Between two looks, hours. */
const ROUND = 0.25;
const START = Date.UTC(2026, 0, 1);

describe('the life of managers’ credentials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oc-outage-'));
  let database: Database;
  let hours = 0;

  beforeAll(async () => {
    copyDataDir(folder);
    database = await openDatabase({ dataDir: folder, log: createLogger('silent') });
    const cluster = await database.prisma.cluster.create({
      data: { name: 'c', kind: 'k', statusReason: '', statusSince: new Date(START) },
    });
    for (const [name, expiresIn, revokedAt] of [
      ['holds', 24, null],
      ['expired', 5, null],
      ['revoked', 24, new Date(START)],
    ] as const) {
      await database.prisma.manager.create({
        data: {
          ...{ clusterId: cluster.id, name, version: '1', credentialHash: name, revokedAt },
          ...{ lastSeenAt: new Date(START), registeredAt: new Date(START) },
          credentialExpiresAt: new Date(START + expiresIn * HOUR),
        },
      });
    }
  });
  afterAll(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  const work = () =>
    excuseOutage({ ...database, leaseMs: HOUR / 2, clock: { now: () => new Date(START + hours * HOUR) } });
  const ends = async () => {
    const managers = await database.prisma.manager.findMany();
    return Object.fromEntries(
      managers.map(({ name, credentialExpiresAt }) => [name, (credentialExpiresAt.getTime() - START) / HOUR]),
    );
  };

  it('passes while a server is at work, and stands still while none is', async () => {
    for (; hours <= 6; hours += ROUND) await work();
    expect(await ends()).toEqual({ holds: 24, expired: 5, revoked: 24 });
    const away = 60;
    hours += away - ROUND;
    await Promise.all([work(), work()]);
    await work();
    const after = await ends();
    expect(after['holds']).toBeCloseTo(24 + away);
    expect(after).toMatchObject({ expired: 5, revoked: 24 });
  });
});
