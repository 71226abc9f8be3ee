import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyDataDir } from '../../test/services/templates.ts';
import { createLocalBus } from '../platform/bus.ts';
import { compact } from '../platform/compaction.ts';
import { openDatabase, type Database } from '../platform/database/database.ts';
import { change } from '../platform/event-log.ts';
import { createLogger } from '../platform/log.ts';
import { forgetLabels, replaceLabels } from './labels.ts';
import { ensureSystem } from './service.ts';

const HOUR = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'oc-labels-'));
let database: Database;
beforeAll(async () => {
  copyDataDir(folder);
  database = await openDatabase({ dataDir: folder, log: createLogger('silent') });
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

it('labels that a cluster had are remembered as long as the log tells of them, and a day more', async () => {
  let now = Date.UTC(2026, 0, 1);
  const { prisma } = database;
  const deps = { prisma, bus: createLocalBus(), clock: { now: () => new Date(now) } };
  await ensureSystem(deps, 'Labelled');
  const { id } = await prisma.cluster.create({
    data: {
      name: 'shop',
      kind: 'process',
      statusReason: '',
      statusSince: new Date(now),
      createdAt: new Date(now),
    },
  });
  const relabel = (version: number) =>
    change(deps, async (tx, record) => {
      await replaceLabels(tx, id, [{ key: 'version', value: String(version) }], new Date(now));
      record({ kind: 'CLUSTER_RELABELLED', clusterId: id, summary: `version ${version}` });
    });
  const remembered = async () =>
    (await prisma.formerLabel.findMany({ orderBy: { value: 'asc' } })).map(({ value }) => value);
  /** A round of the duties. */
  const shorten = async () => {
    await compact(prisma, deps.clock.now(), { maxAgeMs: 48 * HOUR, maxEvents: 1000 });
    await forgetLabels(prisma);
  };

  for (let version = 1; version <= 4; version++) {
    await relabel(version);
    now += 24 * HOUR;
  }
  expect(await remembered()).toEqual(['1', '2', '3']);
  await shorten();
  expect(await remembered(), 'the log begins with the removal of 2').toEqual(['1', '2', '3']);
  now += 24 * HOUR;
  await relabel(1);
  await shorten();
  expect(await remembered(), 'and now with that of 3').toEqual(['2', '3', '4']);
  await relabel(5);
  expect(await remembered(), 'what it had again it had until now').toEqual(['1', '2', '3', '4']);
  now += 100 * HOUR;
  await relabel(6);
  await shorten();
  expect(await remembered(), 'it begins with that of 5').toEqual(['5']);
});
