import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { register } from 'tsx/esm/api';

/**
 * A real PostgreSQL of its own, as the tests start it: what it promises about power cuts is switched off, for ours
 * and for the reference alike.
 */
export async function startPostgres() {
  register();
  const [{ providePrograms }, server] = await Promise.all([
    import('../test/services/programs.ts'),
    import('../test/services/postgres-server.ts'),
  ]);
  // The tests bring a browser too; here nothing opens one, so any program passes for it.
  process.env.CHROMIUM = process.execPath;
  const programs = await providePrograms(new AbortController().signal);
  const { url, stop } = await server.startPostgres(programs, false);
  return { stop, createDatabase: () => createDatabase(url) };
}

/** The URL of a new, empty database. */
async function createDatabase(server) {
  const name = `bench_${randomUUID().replaceAll('-', '')}`;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
