import { randomUUID } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  /** A `postgresql://` URL of a database that nobody else uses. */
  url: string;
  /** Drops it, with whatever is still connected to it. */
  drop(): Promise<void>;
}

/**
 * Makes a database on the server that the test command started.
 * @param template the database that it is a copy of; `TEST_DATABASE_TEMPLATE` names a migrated one
 * @throws Error when there is no server: the tests are never skipped for that
 */
export async function createTestDatabase(template = 'template1'): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL'];
  if (!server) {
    throw new Error(
      'TEST_DATABASE_URL is not set: run the tests by `npm test -- [vitest arguments]`, which starts PostgreSQL',
    );
  }
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await onServer(server, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Runs one statement on a connection of its own. */
export async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
