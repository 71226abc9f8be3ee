import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { copyDataDir } from '../../../test/services/templates.ts';
import { openDatabase, type Database } from '../../platform/database/database.ts';
import type { PrismaClient } from '../../platform/generated/prisma/client.ts';
import { AppError } from '../../platform/errors.ts';
import { createLogger } from '../../platform/log.ts';
import type { Caller } from '../principal.ts';
import { Denials } from './denials.ts';
import { recordAudit } from './record.ts';
import { verifyAudit } from './verify.ts';

const ENTRIES = 12;

describe('the audit log in the database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oc-audit-'));
  let database: Database;
  const write = (prisma: Pick<PrismaClient, '$executeRaw'>, n: number) =>
    recordAudit(prisma, {
      principal: { kind: 'local', name: 'local' },
      from: '127.0.0.1',
      at: new Date(Date.UTC(2026, 0, 1) + n),
      action: 'try',
      reason: n % 2 ? 'because “ü”\n' : null,
      targets: [{ type: 'Cluster', id: String(n), name: 'shop' }],
      result: 'DONE',
      detail: { n, zebra: 1, ant: [null, 1.5e-7, 'ä'] },
    });

  beforeAll(async () => {
    copyDataDir(folder);
    database = await openDatabase({ dataDir: folder, log: createLogger('silent') });
    await Promise.all(Array.from({ length: ENTRIES }, (_, n) => write(database.prisma, n)));
  });
  afterAll(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  it('holds, whatever the size of the pages in which it is read', async () => {
    for (const pageSize of [1, 4, ENTRIES, 1000]) {
      const { head, problem } = await verifyAudit(database.prisma, { pageSize });
      expect(problem).toBeUndefined();
      expect(head.entries).toBe(BigInt(ENTRIES));
    }
  });

  it.each([
    `UPDATE audit_entry SET reason = 'better'`,
    'UPDATE audit_entry SET reason = reason WHERE sequence = 3',
    'DELETE FROM audit_entry WHERE sequence = 3',
    'DELETE FROM audit_entry WHERE false',
    'TRUNCATE audit_entry',
    'TRUNCATE audit_head',
    'DELETE FROM audit_head',
    'UPDATE audit_head SET entries = 3',
    `UPDATE audit_head SET hash = 'x'`,
  ])('is not changed by %s', async (sql) => {
    await expect(database.prisma.$executeRawUnsafe(sql)).rejects.toThrow(/only grows/);
  });

  // What somebody can do who owns the tables: the verification finds it. Each is undone by a rollback.
  it.each([
    [`UPDATE audit_entry SET reason = 'better' WHERE sequence = 5`, 'entry 5 was changed'],
    [`UPDATE audit_entry SET at = at + interval '1 ms' WHERE sequence = 12`, 'entry 12 was changed'],
    [`UPDATE audit_entry SET targets = '[]' WHERE sequence = 1`, 'entry 1 was changed'],
    [`UPDATE audit_entry SET detail = NULL WHERE sequence = 7`, 'entry 7 was changed'],
    [`UPDATE audit_entry SET hash = repeat('0', 64) WHERE sequence = 7`, 'entry 7 was changed'],
    ['DELETE FROM audit_entry WHERE sequence = 1', 'entry 1 is missing'],
    ['DELETE FROM audit_entry WHERE sequence = 6', 'entry 6 is missing'],
    ['DELETE FROM audit_entry WHERE sequence > 9', 'entry 10 is missing'],
    ['DELETE FROM audit_entry', 'entry 1 is missing'],
    ['DELETE FROM audit_head', 'the head is missing'],
    [
      `UPDATE audit_entry SET sequence = CASE sequence WHEN 4 THEN 1000 WHEN 5 THEN 4 ELSE 5 END WHERE sequence IN (4, 5)`,
      'entry 4 was changed',
    ],
    [
      `INSERT INTO audit_entry SELECT 13, hash, at, actor_kind, actor_id, actor_name, "from", action, reason, targets,
         result, detail FROM audit_entry WHERE sequence = 12`,
      'entry 13 was changed',
    ],
  ])('shows %s', async (sql, problem) => {
    const undo = new Error('undo');
    const tampered = database.prisma.$transaction(async (tx) => {
      await tx.$executeRawUnsafe('ALTER TABLE audit_entry DISABLE TRIGGER ALL');
      await tx.$executeRawUnsafe('ALTER TABLE audit_head DISABLE TRIGGER ALL');
      await tx.$executeRawUnsafe(sql);
      const verdict = await verifyAudit(tx as PrismaClient, { pageSize: 4 });
      expect(verdict.problem).toContain(problem);
      throw undo;
    });
    await expect(tampered).rejects.toBe(undo);
  });

  it('takes no entry when its head is gone: what cannot be written down is not done', async () => {
    const undo = database.prisma.$transaction(async (tx) => {
      await tx.$executeRawUnsafe('ALTER TABLE audit_head DISABLE TRIGGER ALL');
      await tx.$executeRawUnsafe('DELETE FROM audit_head');
      await write(tx, 0);
    });
    await expect(undo).rejects.toThrow('no head');
  });

  it('takes a flood of denials as few entries, and no denial is lost from the counts', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const denied = new AppError('FORBIDDEN', 'not for you');
    const denials = new Denials({
      ...database,
      clock: { now: () => new Date(0) },
      logger: createLogger('silent'),
    });
    const caller = (n: number): Caller => ({
      principal: { kind: 'anonymous' },
      from: `10.0.0.${n % 50}`,
    });
    const before = await database.prisma.auditEntry.count();
    for (let n = 0; n < 1000; n++) await denials.note(caller(n), 'act', denied);
    await denials.note(caller(0), 'act', new AppError('CONFLICT', 'no denial'));
    expect(await database.prisma.auditEntry.count()).toBe(before + 20);
    await denials.close();
    vi.useRealTimers();
    const last = await database.prisma.auditEntry.findFirstOrThrow({ orderBy: { sequence: 'desc' } });
    expect(last).toMatchObject({
      action: 'countDenials',
      actorKind: 'SYSTEM',
      sequence: BigInt(before + 21),
    });
    const { again, others } = last.detail as { again: { count: number }[]; others: number };
    expect(again.reduce((sum, { count }) => sum + count, others)).toBe(1000 - 20);
    expect((await verifyAudit(database.prisma)).problem).toBeUndefined();
  });

  it('takes what somebody known is denied whatever the others do, and of the others some more with the time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const denied = new AppError('FORBIDDEN', 'not for you');
    let now = 0;
    const clock = { now: () => new Date(now) };
    const denials = new Denials({ ...database, clock, logger: createLogger('silent') });
    const anybody = (n: number): Caller => ({
      principal: { kind: 'anonymous' },
      from: `10.0.0.${n}`,
    });
    const known = (managerId: string): Caller => ({
      principal: {
        kind: 'manager',
        managerId,
        clusterId: 'c',
        name: 'm1',
        credentialHash: '',
        credentialId: '',
      },
      from: '10.1.0.1',
    });
    const count = () => database.prisma.auditEntry.count();
    for (let n = 0; n < 50; n++) await denials.note(anybody(n), 'act', denied);
    let before = await count();
    for (const id of ['one', 'other', 'one']) await denials.note(known(id), 'act', denied);
    expect(await count(), 'two of one name are two').toBe(before + 2);
    before = await count();
    for (let n = 0; n < 50; n++) await denials.note(known('one'), `ask ${n}`, denied, { asked: 'QUESTION' });
    expect(await count(), 'questions have a room of their own').toBe(before + 20);
    await denials.note(known('one'), 'other act', denied);
    expect(await count(), 'and hide no act').toBe(before + 21);
    now += 25 * 60_000;
    before = await count();
    for (let n = 50; n < 100; n++) await denials.note(anybody(n), 'act', denied);
    expect(await count()).toBe(before + 2);
    await denials.close();
    vi.useRealTimers();
  });
});
