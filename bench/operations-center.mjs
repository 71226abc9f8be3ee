import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from './program.mjs';

const SERVER = join(import.meta.dirname, '..', 'dist', 'server.js');

/**
 * Starts the OC, on PostgreSQL or, without a `databaseUrl`, on its embedded database in a temporary folder.
 * Leases are an hour unless `env` says otherwise, so that managers need not be kept alive.
 */
export async function startOc({ databaseUrl = '', env = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'oc-bench-'));
  const program = await startProgram([SERVER], {
    PORT: '0',
    DATA_DIR: folder,
    LOG_LEVEL: 'error',
    AUTH: 'off',
    LEASE_SECONDS: '3600',
    DATABASE_URL: databaseUrl,
    ...env,
  });
  const stop = async (signal) => {
    await program.stop(signal);
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...program, stop };
}
