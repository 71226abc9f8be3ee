import { randomUUID } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  /** A `postgresql://` URL of an empty database that nobody else uses. */
  url: string;
  /** Drops it, with whatever is still connected to it. */
  drop(): Promise<void>;
}

/**
 * Makes a database on the server that the test command started.
 * @throws Error when there is none: the tests are never skipped for that
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL'];
  if (!server) {
    throw new Error(
      'TEST_DATABASE_URL is not set: run the tests by `npm test -- [vitest arguments]`, which starts PostgreSQL',
    );
  }
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await onServer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
