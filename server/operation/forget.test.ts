import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyDataDir } from '../../test/services/templates.ts';
import { openDatabase, type Database } from '../platform/database/database.ts';
import { createLogger } from '../platform/log.ts';
import { forgetEnded } from './forget.ts';

const DAY = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'oc-forget-'));
let database: Database;
beforeAll(async () => {
  copyDataDir(folder);
  database = await openDatabase({ dataDir: folder, log: createLogger('silent') });
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

it('removes what ended long ago, with all that belongs to it, and nothing else', async () => {
  const { prisma } = database;
  const now = Date.UTC(2026, 0, 1);
  const ago = (days: number) => new Date(now - days * DAY);
  const cluster = await prisma.cluster.create({
    data: { name: 'c', kind: 'process', statusReason: '', statusSince: ago(0) },
  });
  const clusterId = cluster.id;
  const node = (name: string, leftAt: Date | null) =>
    prisma.node.create({
      data: {
        ...{ clusterId, name, status: leftAt ? 'LEFT' : 'RUNNING', leftAt },
        ...{ statusSince: ago(100), reportedAt: ago(100), joinedAt: ago(100) },
      },
    });
  const operation = async (name: string, finishedAt: Date | null, nodes: { id: string; name: string }[]) => {
    const status = finishedAt ? 'SUCCEEDED' : 'RUNNING';
    await prisma.operation.create({
      data: {
        ...{ id: name, kind: 'RESTART', mode: 'FORCED', status, rollout: {}, expiresInSeconds: 60 },
        ...{ reason: '', actor: '', startedBy: '', idempotencyKey: name, requestHash: '' },
        ...{ createdAt: ago(100), finishedAt },
      },
    });
    await prisma.wave.create({
      data: {
        ...{ id: name, operationId: name, index: 0, name: 'all', status, manualGate: false, soakSeconds: 0 },
        ...{ failureBudget: 0, offlineBudget: 0 },
      },
    });
    await prisma.command.create({
      data: {
        ...{
          operationId: name,
          waveId: name,
          clusterId,
          position: 0,
          kind: 'RESTART',
          mode: 'FORCED',
          status,
        },
        ...{ issuedAt: ago(100), expiresAt: ago(100), finishedAt },
        steps: {
          create: nodes.map(({ id, name: nodeName }, position) => ({
            ...{ nodeId: id, nodeName, batch: 0, position, status: 'PENDING' as const },
          })),
        },
      },
    });
  };
  const longGone = await node('long-gone', ago(91));
  await prisma.$executeRaw`
    INSERT INTO node_metric (node_id, name, value, at, epoch, written)
    VALUES (${longGone.id}, 'cpu', 1, now(), 1, pg_current_xact_id())`;
  const wanted = await node('wanted', ago(91));
  await node('just-gone', ago(89));
  await node('here', null);
  await operation('old', ago(91), [longGone]);
  await operation('young', ago(89), [longGone]);
  await operation('running', null, [wanted]);

  const forget = () => forgetEnded({ prisma, clock: { now: () => new Date(now) } }, 90 * DAY);
  expect(await forget()).toBe(false);
  const names = async (rows: Promise<{ name: string }[]>) => (await rows).map(({ name }) => name).sort();
  expect(await names(prisma.node.findMany())).toEqual(['here', 'just-gone', 'wanted']);
  expect((await prisma.operation.findMany()).map(({ id }) => id).sort()).toEqual(['running', 'young']);
  expect(await prisma.command.count()).toBe(2);
  expect(await prisma.nodeMetric.count()).toBe(0);

  for (let n = 0; n < 7; n++) await operation(`old ${n}`, ago(91), []);
  expect(await forget(), 'some at a time').toBe(true);
  expect(await forget()).toBe(false);
  expect(await prisma.operation.count()).toBe(2);
});
