import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/services/postgres.ts';
import { createLogger } from '../log.ts';
import {
  applyMigrations,
  defaultMigrationsDir,
  MigrationError,
  pendingMigrations,
  readMigrations,
} from './migrations.ts';
import type { Migration, RecordedMigration } from './migrations.ts';
import { migratePglite } from './pglite.ts';
import { migratePostgres } from './postgres.ts';

const log = createLogger('silent');

function migration(name: string, sql: string): Migration {
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

const FIRST = migration('1_first', 'CREATE TABLE first (id int); CREATE TABLE more (id int);');
const SECOND = migration('2_second', 'INSERT INTO first VALUES (1); INSERT INTO first VALUES (2);');

/** A database under test: the same for both kinds. */
interface Subject {
  migrate(migrations: readonly Migration[]): Promise<string[]>;
  query(sql: string): Promise<Record<string, unknown>[]>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

async function openPgliteSubject(): Promise<Subject> {
  const pglite = await PGlite.create();
  return {
    async migrate(migrations) {
      const applied: string[] = [];
      await migratePglite(pglite, (session) =>
        applyMigrations(session, migrations, (name) => applied.push(name)),
      );
      return applied;
    },
    query: async (sql) => (await pglite.query<Record<string, unknown>>(sql)).rows,
    clear: async () => void (await pglite.exec('DROP SCHEMA public CASCADE; CREATE SCHEMA public')),
    close: () => pglite.close(),
  };
}

async function openPostgresSubject(): Promise<Subject> {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  return {
    migrate: (migrations) => migrateServer(database, migrations),
    query: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    clear: async () => void (await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')),
    async close() {
      await client.end();
      await database.drop();
    },
  };
}

async function migrateServer(database: TestDatabase, migrations: readonly Migration[]): Promise<string[]> {
  const applied: string[] = [];
  await migratePostgres(database.url, log, (session) =>
    applyMigrations(session, migrations, (name) => applied.push(name)),
  );
  return applied;
}

describe.each([
  ['PGlite', openPgliteSubject],
  ['PostgreSQL', openPostgresSubject],
])('migrations on %s', (_kind, open) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await open();
  });
  afterAll(() => subject.close());
  beforeEach(() => subject.clear());

  const refusal = async (migrations: readonly Migration[]): Promise<MigrationError> => {
    const error: unknown = await subject.migrate(migrations).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MigrationError);
    return error as MigrationError;
  };
  const history = (): Promise<Record<string, unknown>[]> =>
    subject.query(
      `SELECT migration_name, checksum, applied_steps_count, logs, rolled_back_at, finished_at >= started_at AS finished,
              length(id) AS id_length
       FROM _prisma_migrations ORDER BY started_at`,
    );
  const rows = async (table: string): Promise<number> =>
    (await subject.query(`SELECT * FROM ${table}`)).length;

  it('are applied in order to an empty database and recorded as Prisma does', async () => {
    expect(await subject.migrate([FIRST, SECOND])).toEqual(['1_first', '2_second']);
    expect(await rows('first')).toBe(2);
    const common = {
      applied_steps_count: 1,
      logs: null,
      rolled_back_at: null,
      finished: true,
      id_length: 36,
    };
    expect(await history()).toEqual([
      { migration_name: '1_first', checksum: FIRST.checksum, ...common },
      { migration_name: '2_second', checksum: SECOND.checksum, ...common },
    ]);
  });

  it('are applied once', async () => {
    await subject.migrate([FIRST]);
    expect(await subject.migrate([FIRST])).toEqual([]);
    expect(await subject.migrate([FIRST, SECOND])).toEqual(['2_second']);
    expect(await subject.migrate([FIRST, SECOND])).toEqual([]);
    expect(await rows('first')).toBe(2);
  });

  it('are refused when an applied one was edited', async () => {
    await subject.migrate([FIRST]);
    const edited = migration(FIRST.name, `${FIRST.sql} `);
    expect(await refusal([edited, SECOND])).toMatchObject({ problem: 'CHANGED', migration: '1_first' });
    expect(await rows('first')).toBe(0);
  });

  it('are refused when the database is newer than the program', async () => {
    await subject.migrate([FIRST, SECOND]);
    const error = await refusal([FIRST]);
    expect(error).toMatchObject({ problem: 'UNKNOWN', migration: '2_second' });
    expect(error.message).toContain('made by a newer version');
  });

  it('are refused when one was begun and never finished, unless it was rolled back', async () => {
    await subject.migrate([FIRST]);
    await subject.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', '${SECOND.checksum}', '2_second')`,
    );
    expect(await refusal([FIRST, SECOND])).toMatchObject({ problem: 'UNFINISHED', migration: '2_second' });
    expect(await rows('first')).toBe(0);
    await subject.query(`UPDATE _prisma_migrations SET rolled_back_at = now() WHERE id = 'x'`);
    expect(await subject.migrate([FIRST, SECOND])).toEqual(['2_second']);
  });

  it('leave nothing behind where they fail, and are tried again', async () => {
    const failing = migration('2_second', 'INSERT INTO first VALUES (1); INSERT INTO nowhere VALUES (2);');
    const error = await refusal([FIRST, failing, migration('3_third', 'DROP TABLE first')]);
    expect(error).toMatchObject({ problem: 'FAILED', migration: '2_second' });
    expect(error.message).toContain('relation "nowhere" does not exist');
    expect(await rows('first')).toBe(0);
    expect(await history()).toHaveLength(1);
    expect(await subject.migrate([FIRST, SECOND])).toEqual(['2_second']);
  });
});

describe.each([
  ['PGlite', openPgliteSubject],
  ['PostgreSQL', openPostgresSubject],
])('a database of an earlier version on %s', (_kind, open) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await open();
  });
  afterAll(() => subject.close());

  it('keeps the labels of its clusters', async () => {
    const migrations = await readMigrations(defaultMigrationsDir());
    const moving = migrations.findIndex(({ name }) => name.endsWith('_cluster_labels'));
    await subject.migrate(migrations.slice(0, moving));
    await subject.query(
      `INSERT INTO cluster (id, name, kind, status_reason, status_since, labels) VALUES
         ('1', 'shop', 'process', '', now(), '{"env": "prod", "team": "a \\"b\\""}'), ('2', 'bare', 'process', '', now(), '{}')`,
    );
    await subject.migrate(migrations);
    expect(await subject.query('SELECT cluster_id, key, value FROM cluster_label ORDER BY key')).toEqual([
      { cluster_id: '1', key: 'env', value: 'prod' },
      { cluster_id: '1', key: 'team', value: 'a "b"' },
    ]);
  });
});

describe('several servers that migrate one PostgreSQL database at once', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  it('apply each migration once', async () => {
    const servers = Array.from({ length: 5 }, () => migrateServer(database, [FIRST, SECOND]));
    const applied = await Promise.all(servers);
    expect(applied.flat()).toEqual(['1_first', '2_second']);
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
  });
});

describe('what is pending', () => {
  const recorded = (of: Migration, state: Partial<RecordedMigration> = {}): RecordedMigration => ({
    name: of.name,
    checksum: of.checksum,
    finished: true,
    rolledBack: false,
    ...state,
  });

  it('is what was never finished successfully', () => {
    expect(pendingMigrations([FIRST, SECOND], [])).toEqual([FIRST, SECOND]);
    expect(pendingMigrations([FIRST, SECOND], [recorded(SECOND)])).toEqual([FIRST]);
    const undone = recorded(FIRST, { finished: false, rolledBack: true });
    expect(pendingMigrations([FIRST], [undone])).toEqual([FIRST]);
    expect(pendingMigrations([FIRST], [undone, recorded(FIRST)])).toEqual([]);
  });

  it('does not include what a newer program has rolled back', () => {
    const undone = recorded(SECOND, { rolledBack: true });
    expect(pendingMigrations([FIRST], [undone])).toEqual([FIRST]);
  });
});

describe('the folder of migrations', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'oc-migrations-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is read by name, with the checksum of the very bytes', async () => {
    await writeFile(join(folder, 'migration_lock.toml'), 'provider = "postgresql"');
    for (const { name, sql } of [SECOND, FIRST]) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'migration.sql'), sql);
    }
    expect(await readMigrations(folder)).toEqual([FIRST, SECOND]);
  });

  it('must be complete', async () => {
    await mkdir(join(folder, '1_first'));
    await expect(readMigrations(folder)).rejects.toThrow('migration.sql');
  });

  it('is found beside package.json', () => {
    expect(existsSync(join(dirname(dirname(defaultMigrationsDir())), 'package.json'))).toBe(true);
  });
});
