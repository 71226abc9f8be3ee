import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapterFactory, SqlQuery } from '@prisma/driver-adapter-utils';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { PrismaClient } from '../generated/prisma/client.ts';
import type { Logger } from '../log.ts';
import { lockDataDir } from './lock.ts';
import {
  applyMigrations,
  defaultMigrationsDir,
  demandMigrations,
  readMigrations,
  type MigrationSession,
} from './migrations.ts';
import { migratePglite, openPglite } from './pglite.ts';
import { createPool, migratePostgres, TRANSACTION_TIMEOUT_MS } from './postgres.ts';
import { jsonReader, type ReadJson } from './read-json.ts';
import { sqlTransactions, type InSqlTransaction } from './sql-transaction.ts';
import { statementNames } from './statement-names.ts';

export interface DatabaseOptions {
  /** A `postgresql://` URL; without one the embedded database in `dataDir` is used. */
  databaseUrl?: string | undefined;
  /** The folder of the embedded database; made if it is missing. Untouched when there is a `databaseUrl`. */
  dataDir: string;
  log: Logger;
  /** Default: `prisma/migrations` of this package. */
  migrationsDir?: string;
  /** Takes the database as it is: makes none, and refuses one that lacks a migration. */
  readOnly?: boolean;
}

/** An open database whose schema is the program's. */
export interface Database {
  readonly kind: 'pglite' | 'postgres';
  /**
   * Inside `$transaction(async (tx) => …)` use `tx` alone: the embedded database has a single connection, so a query
   * by this client would wait there until the transaction times out.
   */
  readonly prisma: PrismaClient;
  readonly readJson: ReadJson;
  readonly inSqlTransaction: InSqlTransaction;
  /** Closes the connections and gives the data folder back. Safe to call again. */
  close(): Promise<void>;
}

/**
 * Opens the database and applies the migrations it lacks.
 *
 * @throws DataDirLockedError when another process uses `dataDir`
 * @throws DatabaseUnavailableError when PostgreSQL cannot be reached
 * @throws MigrationError when the database's schema cannot be made the program's
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { databaseUrl, dataDir, log, migrationsDir = defaultMigrationsDir(), readOnly = false } = options;
  const migrations = await readMigrations(migrationsDir);
  const onApplied = (name: string): void => log.info({ migration: name }, 'migration applied');
  const migrate = (session: MigrationSession): Promise<void> =>
    readOnly ? demandMigrations(session, migrations) : applyMigrations(session, migrations, onApplied);
  if (databaseUrl !== undefined) return openServer(databaseUrl, log, migrate);
  if (readOnly && !existsSync(join(dataDir, 'db'))) throw new Error(`There is no database in ${dataDir}.`);
  return openEmbedded(dataDir, migrate);
}

async function openEmbedded(
  dataDir: string,
  migrate: (session: MigrationSession) => Promise<void>,
): Promise<Database> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((error: Error) => {
    throw new Error(`DATA_DIR cannot be made: ${error.message}`, { cause: error });
  });
  const lock = await lockDataDir(dataDir);
  let pglite: PGlite | undefined;
  try {
    pglite = await openPglite(dataDir);
    await migratePglite(pglite, migrate);
  } catch (error) {
    await pglite?.close();
    lock.release();
    throw error;
  }
  const opened = pglite;
  return database('pglite', new PrismaPGlite(opened), async () => {
    await opened.close();
    lock.release();
  });
}

async function openServer(
  databaseUrl: string,
  log: Logger,
  migrate: (session: MigrationSession) => Promise<void>,
): Promise<Database> {
  await migratePostgres(databaseUrl, log, migrate);
  const pool = createPool(databaseUrl, log);
  const adapter = new PrismaPg(pool, {
    onConnectionError: (error) => log.warn({ err: error }, 'a database connection broke in a transaction'),
    // It is passed on to `pg`, which takes undefined for "not to be prepared"; the type knows texts only.
    statementNameGenerator: statementNames() as (query: SqlQuery) => string,
  });
  return database('postgres', adapter, () => pool.end());
}

async function database(
  kind: Database['kind'],
  adapter: SqlDriverAdapterFactory,
  closeDriver: () => Promise<void>,
): Promise<Database> {
  const driver = await adapter.connect();
  const prisma = new PrismaClient({
    adapter,
    errorFormat: 'minimal',
    transactionOptions: { maxWait: 10_000, timeout: TRANSACTION_TIMEOUT_MS },
  });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= prisma.$disconnect().finally(closeDriver));
  return { kind, prisma, readJson: jsonReader(driver), inSqlTransaction: sqlTransactions(driver), close };
}
