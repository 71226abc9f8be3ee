import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { killWorkers } from '../manager/drivers/process/kill-workers.ts';
import { packageRoot } from '../manager/package-root.ts';
import { becomeAdministrator } from './administrator.ts';
import { enrolmentToken } from './api.ts';
import { Children } from './children.ts';
import { demoClusters } from './clusters.ts';
import { freePorts } from './ports.ts';

/**
 * `npm run demo`: an OC and three clusters of real processes on loopback, all data in a temporary folder.
 * Ctrl-C ends every process.
 */
const folder = mkdtempSync(join(tmpdir(), 'operations-center-demo-'));
const children = new Children(folder);
const clusters = demoClusters(join(packageRoot, 'demo', 'worker.mjs'));
const stateDirs = clusters.map(({ name }) => join(folder, name));
let ending = false;

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  console.log('\nStopping every process …');
  await children.stopAll();
  for (const stateDir of stateDirs) await killWorkers(stateDir);
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0));

try {
  const wanted = Number(process.env.PORT || 4000);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 65_000)
    throw new Error('PORT must be a number from 1 to 65000.');
  const port = await freePorts(wanted);
  if (port !== wanted) console.log(`Port ${wanted} is taken, so ${port} is used.`);
  const url = `http://127.0.0.1:${port}`;
  const environment = {
    PORT: String(port),
    DATA_DIR: join(folder, 'oc'),
    SYSTEM_NAME: 'Demo',
    LOG_LEVEL: 'warn',
    AUTH: 'on',
    PUBLIC_URL: '',
  };
  console.log('Starting the Operations Center …');
  const server = children.start('server', 'dist/server.js', [], { ...environment, DATABASE_URL: '' });
  const [, link = ''] = await children.line(server, /first administrator: (\S+)/);
  const { name, password, apiKey } = await becomeAdministrator(url, link);

  let next = port + 100;
  for (const cluster of clusters) {
    const first = await freePorts(next, cluster.workers);
    next = first + cluster.workers;
    for (const manager of cluster.managers) {
      const config = cluster.config(manager, {
        url,
        token: await enrolmentToken(url, apiKey),
        stateDir: folder,
        port: first,
      });
      const file = join(folder, `${manager}.yaml`);
      writeFileSync(file, stringify(config), { mode: 0o600 });
      children.start(manager, 'dist/manager.js', ['--config', file], { LOG_LEVEL: 'info' });
    }
  }
  const workers = clusters.reduce((sum, cluster) => sum + cluster.workers, 0);
  console.log(`
  Operations Center   ${url}
  Log in as           ${name}, password ${password}
  GraphiQL            ${url}/graphql
  API key             export OC_API_KEY=${apiKey}

  ${clusters.length} clusters, ${workers} worker processes; index-5 in "search" dies now and then.
  Logs and data: ${folder} (removed at the end). Ctrl-C ends everything.
`);
  children.onUnexpectedExit((name, how) => {
    console.error(`${name} ended unexpectedly (${how}).`);
    if (name === 'server') void end(1);
  });
} catch (error) {
  // What fails because everything is being stopped is no news.
  if (!ending) console.error((error as Error).message);
  await end(1);
}
