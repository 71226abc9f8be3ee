import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../server/platform/database/database.ts';
import { createLogger } from '../../server/platform/log.ts';
import { Oc, Program } from '../harness/oc.ts';
import { rounds } from '../harness/rounds.ts';
import { until } from '../harness/until.ts';
import { WireManager } from '../harness/wire-manager.ts';

describe('an OC that is killed while many act', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 60 });
  });
  afterAll(() => oc.stop());

  const verify = async (...args: string[]) => {
    const program = new Program('audit-verify.js', args, oc.environment);
    const { code } = await program.ended;
    return { code, output: program.output };
  };

  it('has one chain with an entry of each act that was done, and none of any other', async () => {
    let acknowledged = 0;
    for (let round = 0; round < rounds({ short: 2, full: 50 }); round++) {
      let alive = true;
      const before = acknowledged;
      const actors = Array.from({ length: 20 }, async () => {
        while (alive)
          await WireManager.token(oc.client).then(
            () => (acknowledged += 1),
            () => undefined,
          );
      });
      await until('many have acted', () => acknowledged >= before + 25);
      await oc.kill();
      alive = false;
      await Promise.all(actors);
      await oc.boot();
    }
    const { enrolmentTokens, auditLog } = await oc.client.data(
      '{ enrolmentTokens { totalCount } auditLog(filter: { action: ["createEnrolmentToken"] }) { totalCount } }',
    );
    expect(auditLog.totalCount).toBe(enrolmentTokens.totalCount);
    expect(auditLog.totalCount).toBeGreaterThanOrEqual(acknowledged);
    await oc.kill('SIGTERM');
    const { code, output } = await verify();
    expect(output).toContain(`The audit log holds: ${auditLog.totalCount} entries`);
    expect(code).toBe(0);
    const anchor = /Its head is (\S+)/.exec(output)![1]!;
    const forged = anchor.slice(0, -1) + (anchor.endsWith('0') ? '1' : '0');
    const anchored = await verify('--anchor', forged);
    expect(anchored.output).toContain('not the one that was anchored');
    expect(anchored.code).toBe(1);
  });

  const tamper = async (...statements: string[]) => {
    const database = await openDatabase({
      databaseUrl: oc.databaseUrl,
      dataDir: oc.environment['DATA_DIR']!,
      log: createLogger('silent'),
    });
    for (const sql of statements) await database.prisma.$executeRawUnsafe(sql);
    await database.close();
  };

  it('tells what somebody has changed in its database meanwhile, or put in front of it', async () => {
    await tamper(
      `INSERT INTO audit_entry (sequence, hash, at, actor_kind, "from", action, targets, result)
       VALUES (-1, repeat('0', 64), now(), 'LOCAL', '', 'logIn', '[]', 'DONE')`,
    );
    const forged = await verify();
    expect(forged.output).toContain('entry -1 stands in the place of 1');
    expect(forged.code).toBe(1);
    await tamper(
      'ALTER TABLE audit_entry DISABLE TRIGGER ALL',
      'DELETE FROM audit_entry WHERE sequence < 0',
      `UPDATE audit_entry SET actor_name = 'nobody' WHERE sequence = 17`,
    );
    const { code, output } = await verify();
    expect(output).toContain('entry 17 was changed');
    expect(code).toBe(1);
  });

  it('is only read when it is verified: one that is older than the program stays as it is', async () => {
    await tamper(`DELETE FROM _prisma_migrations WHERE migration_name = (
      SELECT max(migration_name) FROM _prisma_migrations)`);
    for (const time of ['once', 'and again']) {
      const { code, output } = await verify();
      expect(output, time).toContain('The database lacks the migration');
      expect(code).toBe(2);
    }
  });
});
