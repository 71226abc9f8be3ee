import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../test/services/postgres.ts';
import { copyDataDir } from '../../../test/services/templates.ts';
import { createLogger } from '../log.ts';
import { openDatabase, type Database } from './database.ts';
import { isDataError } from '../event-log.ts';
import { isWriteConflict } from './driver-cause.ts';
import { DataDirLockedError } from './lock.ts';
import { DatabaseUnavailableError } from './postgres.ts';
import { startChild } from './testing/child.ts';
import type { Sql } from './sql-transaction.ts';
import { isUnavailable } from './unavailable.ts';

const log = createLogger('silent');

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'oc-database-'));
});
afterEach(() => rm(root, { recursive: true }));

describe.each(['pglite', 'postgres'] as const)('a %s database', (kind) => {
  let dataDir: string;
  let databaseUrl: string | undefined;
  let drop = (): Promise<void> => Promise.resolve();
  let database: Database;

  beforeAll(async () => {
    if (kind === 'postgres') ({ url: databaseUrl, drop } = await createTestDatabase());
    dataDir = await mkdtemp(join(tmpdir(), 'oc-database-'));
    copyDataDir(dataDir);
    database = await openDatabase({ databaseUrl, dataDir, log });
  });
  afterAll(async () => {
    await database.close();
    await drop();
    await rm(dataDir, { recursive: true });
  });
  beforeEach(async () => {
    await database.prisma.system.deleteMany();
    await database.prisma.enrolmentToken.deleteMany();
  });

  it('is of the kind that was asked for', () => {
    expect(database.kind).toBe(kind);
  });

  it('keeps what a transaction wrote and nothing of one that failed', async () => {
    const { prisma } = database;
    await prisma.$transaction(async (tx) => {
      await tx.system.create({ data: { id: 'kept', name: 'kept' } });
    });
    const failing = prisma.$transaction(async (tx) => {
      await tx.system.create({ data: { id: 'lost', name: 'lost' } });
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect((await prisma.system.findMany()).map(({ id }) => id)).toEqual(['kept']);
  });

  it('keeps what a transaction of statements wrote, nothing of one that failed, and has room for the next', async () => {
    const { inSqlTransaction } = database;
    const write = (id: string, failing: boolean) =>
      inSqlTransaction(async (sql) => {
        expect(await sql.$executeRaw`INSERT INTO system (id, name) VALUES (${id}, ${id})`).toBe(1);
        if (failing) throw new Error('changed my mind');
        return id;
      });
    // More than there are connections.
    const written = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) => write(`n${index}`, index % 2 === 0)),
    );
    const kept = written.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(kept).toHaveLength(15);
    expect((await database.prisma.system.findMany()).map(({ id }) => id).sort()).toEqual(kept.sort());
    const twice = await inSqlTransaction(
      (sql) => sql.$executeRaw`INSERT INTO system (id, name) VALUES (${kept[0]}, 'again')`,
    ).catch((error: unknown) => error);
    expect([isDataError(twice), isWriteConflict(twice), isUnavailable(twice)]).toEqual([true, false, false]);
  });

  it('gives a transaction of statements the same as Prisma gives', async () => {
    const { prisma, inSqlTransaction } = database;
    const read = (sql: Sql) =>
      sql.$queryRaw`SELECT ${'text'} AS text, ${new Date(7)}::timestamptz(3) AS at, 1 AS one, 2::bigint AS two,
        '{"a": [1]}'::jsonb AS json, ARRAY['a', 'b'] AS list, NULL AS nothing, 1.5::float8 AS float, true AS yes,
        id = ANY(${['one']}) AS listed FROM (VALUES ('one'), ('other')) AS v(id)`;
    expect(await inSqlTransaction(read)).toEqual(await read(prisma));
  });

  it('knows two transactions of statements that were in each other’s way', async () => {
    const { kind: databaseKind, inSqlTransaction, prisma } = database;
    // The embedded database has one at a time.
    if (databaseKind === 'pglite') return;
    for (const id of ['a', 'b']) await prisma.system.create({ data: { id, name: id } });
    let both = 0;
    const lock = (ids: readonly string[]) =>
      inSqlTransaction(async (sql) => {
        await sql.$queryRaw`SELECT id FROM system WHERE id = ${ids[0]} FOR UPDATE`;
        both++;
        await expect.poll(() => both, { timeout: 30_000 }).toBe(2);
        await sql.$queryRaw`SELECT id FROM system WHERE id = ${ids[1]} FOR UPDATE`;
      });
    const results = await Promise.allSettled([lock(['a', 'b']), lock(['b', 'a'])]);
    const failed = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(failed.map(isWriteConflict)).toEqual([true]);
  });

  it('tells a duplicate by its code', async () => {
    const data = { id: 'one', name: 'one' };
    await database.prisma.system.create({ data });
    await expect(database.prisma.system.create({ data })).rejects.toMatchObject({ code: 'P2002' });
  });

  it('gives times back as they were, whatever zone the server is in', async () => {
    const expiresAt = new Date('2026-03-29T00:30:00.125Z');
    const data = { hash: 'h', usesLeft: 1, expiresAt, createdBy: 'a test' };
    const { id } = await database.prisma.enrolmentToken.create({ data });
    expect((await database.prisma.enrolmentToken.findUniqueOrThrow({ where: { id } })).expiresAt).toEqual(
      expiresAt,
    );
    const [row] = await database.prisma.$queryRaw<{ raw: Date; seconds: number }[]>`
      SELECT expires_at AS raw, extract(epoch FROM expires_at)::float8 AS seconds FROM enrolment_token
      WHERE expires_at = ${expiresAt}`;
    expect(row).toEqual({ raw: expiresAt, seconds: expiresAt.getTime() / 1000 });
  });

  it('serves many transactions at once', async () => {
    const { prisma } = database;
    await prisma.system.create({ data: { id: 'counter', name: 'counter' } });
    const increment = (): Promise<unknown> =>
      prisma.$transaction(async (tx) => {
        await tx.system.update({ where: { id: 'counter' }, data: { revision: { increment: 1 } } });
        await tx.system.findUniqueOrThrow({ where: { id: 'counter' } });
      });
    await Promise.all(Array.from({ length: 30 }, increment));
    expect((await prisma.system.findUniqueOrThrow({ where: { id: 'counter' } })).revision).toBe(30n);
  });
});

describe('the embedded database', () => {
  it('is there again after closing, also when closed twice', async () => {
    const first = await openDatabase({ dataDir: join(root, 'new', 'data'), log });
    await first.prisma.system.create({ data: { id: 'one', name: 'one' } });
    await Promise.all([first.close(), first.close()]);
    const second = await openDatabase({ dataDir: join(root, 'new', 'data'), log });
    expect(await second.prisma.system.count()).toBe(1);
    await second.close();
    expect(await readdir(join(root, 'new', 'data'))).toEqual(['db']);
  });

  it('is refused to a second process, and the first works on', async () => {
    copyDataDir(root);
    const first = startChild('write-rows.ts', root);
    try {
      expect(await first.nextLine()).toBe('open');
      await expect(openDatabase({ dataDir: root, log })).rejects.toThrow(DataDirLockedError);
      const count = Number(await first.nextLine());
      expect(Number(await first.nextLine())).toBe(count + 1);
    } finally {
      await first.kill();
    }
  });

  it('has every acknowledged transaction, and none by half, after kill -9', async () => {
    copyDataDir(root);
    const writer = startChild('write-rows.ts', root);
    expect(await writer.nextLine()).toBe('open');
    let acknowledged = 0;
    while (acknowledged < 50) acknowledged = Number(await writer.nextLine());
    await writer.kill();
    const { prisma, close } = await openDatabase({ dataDir: root, log });
    const ids = (await prisma.system.findMany({ select: { id: true } })).map(({ id }) => id);
    await close();
    expect(ids.length).toBeGreaterThanOrEqual(2 * acknowledged);
    const expected = Array.from({ length: ids.length / 2 }, (_, index) => [
      `a${index + 1}`,
      `b${index + 1}`,
    ]).flat();
    expect(ids.sort()).toEqual(expected.sort());
  });

  it('starts again when its very first start was killed half-way', async () => {
    await writeFile(join(root, 'db.initialising'), '');
    await mkdir(join(root, 'db'));
    await writeFile(join(root, 'db', 'PG_VERSION'), '18\n');
    const { prisma, close } = await openDatabase({ dataDir: root, log });
    expect(await prisma.system.count()).toBe(0);
    await close();
    expect(await readdir(root)).toEqual(['db']);
  });

  it('is not touched and its folder given back when it cannot be opened', async () => {
    await mkdir(join(root, 'db'));
    await writeFile(join(root, 'db', 'PG_VERSION'), '18\n');
    await expect(openDatabase({ dataDir: root, log })).rejects.toThrow(`Cannot open the database in ${root}`);
    expect(await readdir(root)).toEqual(['db']);
    expect(await readdir(join(root, 'db'))).toContain('PG_VERSION');
  });
});

describe('a PostgreSQL server', () => {
  it('that does not answer is named, its password is not', async () => {
    const port = await closedPort();
    const databaseUrl = `postgresql://someone:s3cret@127.0.0.1:${port}/ops`;
    const error: unknown = await openDatabase({ databaseUrl, dataDir: root, log }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DatabaseUnavailableError);
    expect((error as Error).message).toContain(`127.0.0.1:${port}, database ops`);
    expect((error as Error).message).not.toContain('s3cret');
  });

  it('that is too slow for our limits counts as one that cannot be used right now', async () => {
    const { url, drop } = await createTestDatabase(process.env['TEST_DATABASE_TEMPLATE']);
    const { prisma, close } = await openDatabase({ databaseUrl: url, dataDir: root, log });
    const slow = prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SET LOCAL statement_timeout = 1`;
      await tx.$queryRaw`SELECT 1 FROM pg_sleep(60)`;
    });
    expect(await slow.catch(isUnavailable)).toBe(true);
    await close();
    await drop();
  });

  it('that ends our connections gets new ones', async () => {
    const { url, drop } = await createTestDatabase();
    const { prisma, close } = await openDatabase({ databaseUrl: url, dataDir: root, log });
    const other = await openDatabase({ databaseUrl: url, dataDir: root, log });
    await prisma.system.count();
    await other.prisma.$queryRaw`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`;
    await expect.poll(() => prisma.system.count().catch(() => 'broken'), { timeout: 30_000 }).toBe(0);
    await Promise.all([close(), other.close()]);
    await drop();
    expect(await readdir(root)).toEqual([]);
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
