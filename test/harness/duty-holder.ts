import type pg from 'pg';
import type { Oc } from './oc.ts';

/** The one of these servers that does the background work, as the database says; undefined: one that is gone. */
export async function dutyHolder(database: pg.Client, servers: readonly Oc[]): Promise<Oc | undefined> {
  const { rows } = await database.query<{ holder: string }>('SELECT holder FROM duty');
  return servers.find((oc) => rows[0]?.holder.includes(` ${oc.program.process.pid} `));
}
