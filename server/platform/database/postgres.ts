import pg from 'pg';
import type { Logger } from '../log.ts';
import { Connection } from './connection.ts';
import type { MigrationSession } from './migrations.ts';

/** An interactive transaction of Prisma may take this long, milliseconds. */
export const TRANSACTION_TIMEOUT_MS = 15_000;

/** Shorter than the transaction, so that a slow statement fails by itself and not in the middle of a COMMIT. */
const STATEMENT_TIMEOUT_MS = 10_000;

/** Longer than the statement, so that only a server is given up that does not answer at all. */
const QUERY_TIMEOUT_MS = 12_000;

/** Longer than the transaction: ends what a frozen or unplugged server left open, with all its row locks. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 20_000;

/** Who asked is told within 5 s that there is no connection, whether it is not made or none is free. */
const CONNECTION = { connectionTimeoutMillis: 4_500, keepAlive: true, application_name: 'operations-center' };

/**
 * At the start the program is still being loaded, and while that goes on it hears no answer: where the processor is
 * scarce, for many seconds.
 */
const FIRST_CONNECTION_TIMEOUT_MS = 30_000;

/** The number under which Prisma's own tools lock while they migrate: ours and theirs exclude each other. */
const MIGRATION_LOCK = 72_707_369;

/** PostgreSQL does not answer, or does not let us in. The message names the server, never the password. */
export class DatabaseUnavailableError extends Error {
  override name = 'DatabaseUnavailableError';
}

/** Connections are made when they are needed; one that breaks while idle is logged and replaced. */
export function createPool(databaseUrl: string, log: Logger): pg.Pool {
  const pool = new pg.Pool({
    ...CONNECTION,
    connectionString: databaseUrl,
    Client: Connection,
    max: 10,
    query_timeout: QUERY_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    // The driver adapter writes times without a zone and overwrites the zone of those it reads: it must be UTC.
    onConnect: async (client) => {
      await client.query(`SET TIME ZONE 'UTC'`);
    },
  });
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection broke'));
  return pool;
}

/**
 * Has the schema seen to. Of several servers that start at once, one migrates and the others wait for it.
 * @throws DatabaseUnavailableError
 */
export async function migratePostgres(
  databaseUrl: string,
  log: Logger,
  migrate: (session: MigrationSession) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({
    ...CONNECTION,
    connectionTimeoutMillis: FIRST_CONNECTION_TIMEOUT_MS,
    connectionString: databaseUrl,
  });
  // Without a listener a broken connection would end the process; the query under way fails and tells it.
  client.on('error', (error) => log.warn({ err: error }, 'the database connection broke during migration'));
  try {
    await client.connect();
  } catch (error) {
    const where = `${client.host}:${client.port}, database ${client.database}`;
    throw new DatabaseUnavailableError(`Cannot use PostgreSQL at ${where}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  try {
    await client.query('SET statement_timeout = 0');
    await lockMigrations(client, log);
    const session = {
      query: (sql: string, values?: unknown[]) => client.query<Record<string, unknown>>(sql, values),
      script: (sql: string) => client.query(sql),
    };
    await migrate(session);
  } finally {
    // Ends the session and with it the lock.
    await client.end();
  }
}

async function lockMigrations(client: pg.Client, log: Logger): Promise<void> {
  const attempt = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
    MIGRATION_LOCK,
  ]);
  if (attempt.rows[0]?.locked) return;
  log.info('waiting for another server that is migrating the database');
  await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
}

/** A name with several addresses fails with an AggregateError that has no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
