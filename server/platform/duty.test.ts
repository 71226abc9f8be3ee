import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../test/harness/until.ts';
import { copyDataDir } from '../../test/services/templates.ts';
import { openDatabase, type Database } from './database/database.ts';
import { Duty } from './duty.ts';
import { createLogger } from './log.ts';

describe('a duty', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oc-duty-'));
  const logger = createLogger('silent');
  let database: Database;
  const started: Duty[] = [];

  beforeAll(async () => {
    copyDataDir(folder);
    database = await openDatabase({ dataDir: folder, log: logger });
  });
  afterEach(async () => {
    for (const duty of started.splice(0)) await duty.stop();
    await database.prisma.duty.deleteMany();
  });
  afterAll(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  async function server(leaseMs: number): Promise<Duty> {
    const duty = new Duty({ prisma: database.prisma, logger, name: 'work', leaseMs });
    await duty.start();
    started.push(duty);
    return duty;
  }
  const row = () => database.prisma.duty.findUniqueOrThrow({ where: { name: 'work' } });

  it('is held by one, who keeps it by renewing it', async () => {
    const first = await server(60_000);
    const others = await Promise.all([server(60_000), server(60_000)]);
    expect([first, ...others].map(({ held }) => held)).toEqual([true, false, false]);
    for (const other of others) expect(other.since).toEqual(first.since);
  });

  it('goes to one only of several who come at once', async () => {
    const servers = await Promise.all(Array.from({ length: 5 }, () => server(60_000)));
    expect(servers.filter(({ held }) => held)).toHaveLength(1);
  });

  it('is renewed, and that is no new beginning', async () => {
    const duty = await server(8000);
    const { since, expiresAt } = await row();
    await until('it is renewed', async () => (await row()).expiresAt > expiresAt);
    expect((await row()).since).toEqual(since);
    expect((await row()).holder).toContain(` ${process.pid} `);
    expect(duty.held).toBe(true);
  });

  it('is free at once when its holder stops', async () => {
    const first = await server(60_000);
    await first.stop();
    expect(first.held).toBe(false);
    const second = await server(60_000);
    expect(second.held).toBe(true);
    expect(second.since >= first.since).toBe(true);
  });

  it('is taken over when its holder is heard no more, which begins anew', async () => {
    const { prisma } = database;
    const dead = { name: 'work', holder: 'dead', since: new Date(0) };
    await prisma.duty.create({ data: { ...dead, expiresAt: new Date(Date.now() + 3_600_000) } });
    const second = await server(400);
    expect(second.held).toBe(false);
    expect(second.since).toEqual(new Date(0));
    await prisma.duty.updateMany({ data: { expiresAt: new Date(1) } });
    await until('it is taken over', () => second.held);
    expect(second.since > new Date(0)).toBe(true);
  });

  it('begins anew for a holder that was away for longer than its lease', async () => {
    const duty = await server(400);
    const first = duty.since;
    await database.prisma.duty.updateMany({ data: { expiresAt: new Date(1) } });
    await until('it is its own again', () => duty.since > first && duty.held);
    expect((await row()).holder).toContain(` ${process.pid} `);
  });
});
