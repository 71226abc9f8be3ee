import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { onServer } from './postgres.ts';

/** The database of the tests' PostgreSQL server that migrated ones are copied from. */
const TEMPLATE_DATABASE = 'test_template';

/**
 * Makes an embedded database in `folder` and one on the server at `serverUrl`, both migrated and empty. Tests copy
 * them: laying out an embedded database takes seconds of the processor, copying its files next to none.
 * @returns the environment by which the tests find them
 */
export async function makeTemplates(folder: string, serverUrl: string): Promise<Record<string, string>> {
  // Loaded late: the database client is made by the build.
  const { openDatabase } = await import('../../server/platform/database/database.ts');
  const { createLogger } = await import('../../server/platform/log.ts');
  const log = createLogger('warn');
  const dataDir = join(folder, 'template');
  await onServer(serverUrl, `CREATE DATABASE ${TEMPLATE_DATABASE}`);
  const databaseUrl = new URL(serverUrl);
  databaseUrl.pathname = `/${TEMPLATE_DATABASE}`;
  for (const kind of [{ dataDir }, { dataDir, databaseUrl: databaseUrl.href }]) {
    await (await openDatabase({ ...kind, log })).close();
  }
  return { TEST_DATA_DIR: dataDir, TEST_DATABASE_TEMPLATE: TEMPLATE_DATABASE };
}

/** Puts a migrated and otherwise empty embedded database into the folder, which is made if it is missing. */
export function copyDataDir(dataDir: string): void {
  const template = process.env['TEST_DATA_DIR'];
  if (!template)
    throw new Error('TEST_DATA_DIR is not set: run the tests by `npm test -- [vitest arguments]`');
  cpSync(template, dataDir, { recursive: true });
}
