import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startPostgres } from './services/postgres-server.ts';
import { providePrograms } from './services/programs.ts';
import { runCommand } from './services/run-command.ts';
import { formatSummary, summarise, type VitestReport } from './services/summary.ts';
import { makeTemplates } from './services/templates.ts';

// `npm test -- [vitest arguments]`: provides what the tests need, builds, runs them, and counts them in the last line.
// TEST_POSTGRES_FSYNC=on makes PostgreSQL sync to disk as in production.

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupted.abort(new Error(`stopped by ${signal}`)));
}

const folder = await mkdtemp(join(tmpdir(), 'oc-test-'));
const reportFile = join(folder, 'report.json');
let exitCode = 1;
try {
  exitCode = await runTests(process.argv.slice(2), interrupted.signal);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
}
const summary = summarise(await readReport(), exitCode);
await rm(folder, { recursive: true });
console.log(formatSummary(summary));
process.exitCode = summary.failed > 0 ? 1 : 0;

async function runTests(vitestArgs: readonly string[], signal: AbortSignal): Promise<number> {
  const programs = await providePrograms(signal);
  const postgres = await startPostgres(programs, process.env['TEST_POSTGRES_FSYNC'] === 'on');
  try {
    const built = await runCommand('npm', ['run', 'build', '--silent'], { signal });
    if (built !== 0) throw new Error('The build failed, so nothing was tested.');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
    const env = {
      ...process.env,
      ...(await makeTemplates(folder, postgres.url)),
      TEST_DATABASE_URL: postgres.url,
      CHROMIUM: programs.chromium,
      REDIS_SERVER: programs.redisServer,
    };
    return await runCommand(process.execPath, [vitest(), 'run', ...reporters, ...vitestArgs], {
      env,
      signal,
    });
  } finally {
    await postgres.stop();
  }
}

function vitest(): string {
  return join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
}

async function readReport(): Promise<VitestReport | undefined> {
  try {
    return JSON.parse(await readFile(reportFile, 'utf8')) as VitestReport;
  } catch {
    return undefined;
  }
}
