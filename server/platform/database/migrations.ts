import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One folder of `prisma/migrations`. */
export interface Migration {
  /** The folder's name, `<UTC timestamp>_<name>`: the order of names is the order of application. */
  name: string;
  sql: string;
  /** SHA-256 of `migration.sql`, hexadecimal. */
  checksum: string;
}

/** A row of `_prisma_migrations`, as far as it decides anything. */
export interface RecordedMigration {
  name: string;
  checksum: string;
  finished: boolean;
  rolledBack: boolean;
}

/** One connection that nobody else uses meanwhile. */
export interface MigrationSession {
  query(sql: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  /** Any number of statements. */
  script(sql: string): Promise<unknown>;
}

/** FAILED: the named migration was rolled back whole. In all other cases nothing was touched. */
export type MigrationProblem = 'CHANGED' | 'UNKNOWN' | 'UNFINISHED' | 'LACKING' | 'FAILED';

/** The database cannot be brought to this program's schema; the message says why and what to do. */
export class MigrationError extends Error {
  readonly problem: MigrationProblem;
  readonly migration: string;

  constructor(problem: MigrationProblem, migration: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrationError';
    this.problem = problem;
    this.migration = migration;
  }
}

/**
 * `prisma/migrations` of the package that this file belongs to: looked for upwards, because the distance is another
 * one from the bundle than from the source.
 */
export function defaultMigrationsDir(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error('There is no package.json above the program: where are its migrations?');
    folder = parent;
  }
  return join(folder, 'prisma', 'migrations');
}

/** The migrations of a folder, in the order in which they are applied. */
export async function readMigrations(migrationsDir: string): Promise<Migration[]> {
  const entries = await readdir(migrationsDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(join(migrationsDir, name, 'migration.sql'));
      return {
        name,
        sql: bytes.toString('utf8'),
        checksum: createHash('sha256').update(bytes).digest('hex'),
      };
    }),
  );
}

/**
 * What is still to be applied, in order.
 * @throws MigrationError CHANGED, UNKNOWN or UNFINISHED when the database's history is not the program's
 */
export function pendingMigrations(
  known: readonly Migration[],
  recorded: readonly RecordedMigration[],
): readonly Migration[] {
  const byName = new Map(known.map((migration) => [migration.name, migration]));
  const applied = new Set<string>();
  for (const { name, checksum, finished, rolledBack } of recorded) {
    if (rolledBack) continue;
    const migration = byName.get(name);
    if (!migration) {
      const reason =
        'This program does not know it: the database was made by a newer version. Start that one.';
      throw new MigrationError('UNKNOWN', name, `The database has had the migration ${name}. ${reason}`);
    }
    if (!finished) {
      const reason =
        'Restore a backup, or put the database right and delete its row from _prisma_migrations.';
      throw new MigrationError(
        'UNFINISHED',
        name,
        `The migration ${name} was begun and never finished. ${reason}`,
      );
    }
    if (migration.checksum !== checksum) {
      const reason = 'An applied migration must never be edited: restore its file and add a new migration.';
      throw new MigrationError(
        'CHANGED',
        name,
        `The migration ${name} is not the one that was applied. ${reason}`,
      );
    }
    applied.add(name);
  }
  return known.filter((migration) => !applied.has(migration.name));
}

/**
 * Applies what the database lacks, each migration in a transaction of its own together with its record, so a failed
 * one leaves nothing behind and is tried again at the next start. Statements that refuse to run in a transaction
 * (`CREATE INDEX CONCURRENTLY`) cannot be used.
 *
 * @param onApplied called with the name of each one when it is committed
 * @throws MigrationError
 */
export async function applyMigrations(
  session: MigrationSession,
  known: readonly Migration[],
  onApplied: (name: string) => void,
): Promise<void> {
  await session.script(HISTORY_TABLE);
  for (const migration of pendingMigrations(known, await readHistory(session))) {
    await applyOne(session, migration);
    onApplied(migration.name);
  }
}

/**
 * For who only reads: nothing is written, not even the table of what was applied.
 * @throws MigrationError LACKING when there is a migration that was not applied; and as `applyMigrations`
 */
export async function demandMigrations(
  session: MigrationSession,
  known: readonly Migration[],
): Promise<void> {
  const { rows } = await session.query(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`);
  const [lacking] = pendingMigrations(known, rows[0]?.['there'] === true ? await readHistory(session) : []);
  if (!lacking) return;
  const reason = 'It was made by an older version, or by no server yet. Start the server, which applies it.';
  throw new MigrationError(
    'LACKING',
    lacking.name,
    `The database lacks the migration ${lacking.name}. ${reason}`,
  );
}

async function applyOne(session: MigrationSession, { name, sql, checksum }: Migration): Promise<void> {
  const id = randomUUID();
  await session.script('BEGIN');
  try {
    await session.query(
      'INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) VALUES ($1, $2, $3, clock_timestamp())',
      [id, checksum, name],
    );
    await session.script(sql);
    await session.query(
      'UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE id = $1',
      [id],
    );
    await session.script('COMMIT');
  } catch (error) {
    // A connection that broke has rolled back already and cannot be asked to; the first error is the one to tell.
    await session.script('ROLLBACK').catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new MigrationError('FAILED', name, `The migration ${name} failed and was undone: ${reason}`, {
      cause: error,
    });
  }
}

async function readHistory(session: MigrationSession): Promise<RecordedMigration[]> {
  const { rows } = await session.query(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS rolled_back
     FROM _prisma_migrations ORDER BY started_at, id`,
  );
  return rows.map((row) => ({
    name: String(row['migration_name']),
    checksum: String(row['checksum']),
    finished: row['finished'] === true,
    rolledBack: row['rolled_back'] === true,
  }));
}

/** Prisma's own layout, so that its tools can read the history. */
const HISTORY_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;
