import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { MigrationSession } from './migrations.ts';

/**
 * Opens the embedded database in `<dataDir>/db`, making it if there is none. It takes one process only and does not
 * check that: the caller holds the folder's lock.
 *
 * A first start that is killed while the files are being laid out can leave a folder that never opens again. A marker
 * beside it says that this is going on; where the marker is still found, nothing was ever stored, so the folder is
 * made anew.
 */
export async function openPglite(dataDir: string): Promise<PGlite> {
  const folder = join(dataDir, 'db');
  const marker = join(dataDir, 'db.initialising');
  if (existsSync(marker)) await rm(folder, { recursive: true, force: true });
  if (!existsSync(folder)) await writeFile(marker, '');
  try {
    const pglite = await PGlite.create({ dataDir: folder });
    await rm(marker, { force: true });
    return pglite;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot open the database in ${folder}: ${reason}`, { cause: error });
  }
}

/** Has the schema seen to. PGlite looks for the types of arrays when it opens: after that it is told of new ones. */
export function migratePglite(
  pglite: PGlite,
  migrate: (session: MigrationSession) => Promise<void>,
): Promise<void> {
  const session = {
    query: (sql: string, values?: unknown[]) => pglite.query<Record<string, unknown>>(sql, values),
    script: (sql: string) => pglite.exec(sql),
  };
  return migrate(session).then(() => pglite.refreshArrayTypes());
}
