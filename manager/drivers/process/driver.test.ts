import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Fenced } from '../../fence.ts';
import { isAlive, startOf } from '../../process-identity.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { silent } from '../../testing/silent.ts';
import { until } from '../../testing/until.ts';
import type { Guard } from '../driver.ts';
import { processSchema } from './config.ts';
import { ProcessDriver } from './driver.ts';
import { killWorkers } from './kill-workers.ts';
import { LAUNCH_VARIABLE, WorkerRecords } from './records.ts';

/** Serves its health URL on PORT and ends on SIGTERM; GET /sick, /well, /hang and /die change it. */
const WORKER = `
  let health = 200;
  console.log('started');
  require('http').createServer((request, response) => {
    if (request.url === '/die') { console.log('about to die'); process.exit(7); }
    if (request.url === '/sick') health = 503;
    if (request.url === '/well') health = 200;
    if (request.url === '/hang') health = 0;
    if (request.url === '/health' && health === 0) return;
    response.writeHead(request.url === '/health' ? health : 200).end();
  }).listen(Number(process.env.PORT), '127.0.0.1');
`;
const STUBBORN = `process.on('SIGTERM', () => console.log('no')); setInterval(() => {}, 1000); console.log('ready');`;
const IDLE = 'setInterval(() => {}, 1000)';

const inUse: { stateDir: string; driver: ProcessDriver }[] = [];
afterEach(async () => {
  for (const { driver } of inUse) driver.release();
  for (const { stateDir } of inUse.splice(0)) await killWorkers(stateDir);
});

function open(config: object, stateDir = temporaryFolder(), guard: Guard = () => undefined): ProcessDriver {
  const driver = new ProcessDriver(processSchema.parse({ command: node(IDLE), ...config }), stateDir, silent);
  inUse.push({ stateDir, driver });
  driver.takeOver(guard);
  return driver;
}
const node = (script: string) => [process.execPath, '-e', script];
const seen = (driver: ProcessDriver, name: string, status: string) =>
  until(`${name} is ${status}`, () => {
    const now = driver.node(name);
    return now?.status === status && now;
  });
/** A port that was free a moment ago, and `count - 1` after it that are not looked at. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    }),
  );
}
async function serving(config: object = {}) {
  const port = await freePort();
  const driver = open({
    command: node(WORKER),
    port,
    env: { PORT: '{port}' },
    health: {
      url: 'http://127.0.0.1:{port}/health',
      intervalSeconds: 0.05,
      timeoutSeconds: 0.2,
      failures: 2,
    },
    ...config,
  });
  const tell = (path: string) => fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
  return { driver, tell };
}

describe('a worker', () => {
  it('is STARTING until its health URL answers, then RUNNING, with what is known of it', async () => {
    const { driver } = await serving({ zones: ['a'], role: 'web', version: 3, labels: { team: 'x' } });
    const statuses: string[] = [];
    driver.onChange((name) => statuses.push(driver.node(name)!.status));
    const running = await seen(driver, 'worker-1', 'RUNNING');
    expect(new Set(statuses)).toEqual(new Set(['STARTING', 'RUNNING']));
    expect(running).toMatchObject({
      zone: 'a',
      role: 'web',
      version: '3',
      labels: [{ key: 'team', value: 'x' }],
      restarts: 0,
    });
    expect(running.instance).toBe(`pid ${running.pid} @ ${running.startedAt}`);
  });

  it('is UNHEALTHY while its health URL fails or hangs, and RUNNING again after', async () => {
    const { driver, tell } = await serving();
    const { pid } = await seen(driver, 'worker-1', 'RUNNING');
    await tell('/sick');
    expect((await seen(driver, 'worker-1', 'UNHEALTHY')).statusReason).toBe(
      'Its process runs, but the health URL answered 503.',
    );
    await tell('/well');
    await seen(driver, 'worker-1', 'RUNNING');
    await tell('/hang');
    expect((await seen(driver, 'worker-1', 'UNHEALTHY')).statusReason).toBe(
      'Its process runs, but the health URL timed out after 0.2 s.',
    );
    expect(driver.node('worker-1')?.pid, 'an unhealthy worker is not touched').toBe(pid);
  });

  it('that hangs holds up no other', async () => {
    const hang = createServer(() => undefined);
    await new Promise<void>((resolve) => hang.listen(0, '127.0.0.1', resolve));
    try {
      const port = (hang.address() as AddressInfo).port;
      const url = `http://127.0.0.1:${port}/`;
      const driver = open({ health: { url, timeoutSeconds: 3600 } });
      const other = open({ name: 'other' });
      await seen(other, 'other', 'RUNNING');
      expect(driver.node('worker-1')?.status).toBe('STARTING');
      expect((await driver.stop('worker-1', 'GRACEFUL')).note).toBeNull();
    } finally {
      hang.closeAllConnections();
      hang.close();
    }
  });

  it('that dies is DOWN at once, with how and with its last words, and stays so with restart: never', async () => {
    const { driver, tell } = await serving({ restart: 'never' });
    await seen(driver, 'worker-1', 'RUNNING');
    await tell('/die');
    const down = await seen(driver, 'worker-1', 'DOWN');
    expect(down.statusReason).toMatch(/^It exited with code 7, \d+ s after its start\.$/);
    expect(down).toMatchObject({
      lastOutput: ['started', 'about to die'],
      pid: null,
      instance: null,
      returning: false,
    });
  });

  it('that dies is started again, later each time, with restart: always', async () => {
    const driver = open({ command: node('process.exit(3)') });
    const waits: string[] = [];
    driver.onChange((name) =>
      waits.push(/again in [\d.]+ s/.exec(driver.node(name)?.statusReason ?? '')?.[0] ?? ''),
    );
    await until('it died three times', () => waits.includes('again in 2 s'));
    expect(waits.filter(Boolean)).toEqual(['again in 0.5 s', 'again in 1 s', 'again in 2 s']);
    expect(driver.node('worker-1')).toMatchObject({ status: 'DOWN', restarts: 2, returning: true });
    await driver.stop('worker-1', 'GRACEFUL');
    expect(driver.node('worker-1')).toMatchObject({ status: 'STOPPED', returning: false });
  });

  it('whose command or folder does not exist is DOWN with the reason', async () => {
    const missing = open({ command: ['/no/such/program'], restart: 'never' });
    expect((await seen(missing, 'worker-1', 'DOWN')).statusReason).toBe(
      'It cannot be started: the command /no/such/program is not found.',
    );
    await expect(missing.start('worker-1')).rejects.toThrow('the command /no/such/program is not found');
    const nowhere = open({ cwd: '/no/such/folder', restart: 'never' });
    expect((await seen(nowhere, 'worker-1', 'DOWN')).statusReason).toBe(
      'It cannot be started: the folder /no/such/folder does not exist.',
    );
  });

  it('is drained by GRACEFUL and killed after its time, and killed at once by FORCED', async () => {
    const { driver } = await serving();
    await seen(driver, 'worker-1', 'RUNNING');
    expect(await driver.stop('worker-1', 'GRACEFUL')).toEqual({ note: null });
    expect(driver.node('worker-1')).toMatchObject({
      status: 'STOPPED',
      statusReason: 'Stopped on purpose.',
      instance: null,
    });

    const stubborn = open({ command: node(STUBBORN), drainSeconds: 0.3 });
    await until('it is ready', () => stubborn.lastOutput('worker-1').includes('ready'));
    expect((await stubborn.stop('worker-1', 'GRACEFUL')).note).toBe(
      'It did not end within 0.3 s of SIGTERM: killed.',
    );
    expect(stubborn.lastOutput('worker-1')).toEqual(['ready', 'no']);
    await stubborn.start('worker-1');
    await until('it is ready', () => stubborn.lastOutput('worker-1').includes('ready'));
    await stubborn.stop('worker-1', 'FORCED');
    expect(stubborn.lastOutput('worker-1'), 'it was not asked').toEqual(['ready']);
  });

  it('takes with it what it has started itself', async () => {
    const child = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`;
    const driver = open({
      command: node(`
        const child = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'ignore' });
        console.log(child.pid);
        setInterval(() => {}, 1000);
      `),
    });
    const pid = Number(await until('the child', () => driver.lastOutput('worker-1')[0]));
    await driver.stop('worker-1', 'GRACEFUL');
    await until('the child is gone', () => startOf(pid) === null);
  });

  it('has an output of bounded size that is shown without control characters', async () => {
    const stateDir = temporaryFolder();
    const script = `
      process.stdout.write('x'.repeat(5 * 1024 * 1024) + '\\n\\u001b[31mred\\u001b[0m \\u0007bell\\n' + 'y'.repeat(2000) + '\\n');
      setInterval(() => {}, 1000);`;
    const driver = open({ command: node(script) }, stateDir);
    await until('the output', () => driver.lastOutput('worker-1').at(-1)?.startsWith('y'));
    expect(driver.lastOutput('worker-1')).toEqual(['red bell', 'y'.repeat(500)]);
    const log = join(stateDir, 'workers', 'worker-1.log');
    await until('it is cut', () => statSync(log).size < 1024 * 1024);
    expect(existsSync(`${log}.1`)).toBe(true);
  });

  it('does not get the enrolment token', async () => {
    process.env['OC_TOKEN'] = 'oce_secret';
    try {
      const driver = open({
        command: node(`console.log(process.env.OC_TOKEN, process.env.WHO); ${IDLE}`),
        env: { WHO: '{name}' },
      });
      expect(await until('output', () => driver.lastOutput('worker-1')[0])).toBe('undefined worker-1');
    } finally {
      delete process.env['OC_TOKEN'];
    }
  });
});

describe('a manager that takes over', () => {
  it('adopts what runs, sees its death, and starts what should run', async () => {
    const stateDir = temporaryFolder();
    const first = open({ count: 2 }, stateDir);
    const before = [await seen(first, 'worker-1', 'RUNNING'), await seen(first, 'worker-2', 'RUNNING')];
    first.release();
    expect(first.nodes()).toEqual([]);
    const second = open({ count: 2 }, stateDir);
    expect(second.nodes().map(({ instance, status }) => ({ instance, status }))).toEqual(
      before.map(({ instance }) => ({ instance, status: 'RUNNING' })),
    );
    process.kill(before[0]!.pid!, 'SIGKILL');
    const back = await until('it is back', () => {
      const now = second.node('worker-1');
      return now?.status === 'RUNNING' && now.restarts === 1 && now;
    });
    expect(back.instance).not.toBe(before[0]!.instance);
    expect(second.node('worker-2')?.instance).toBe(before[1]!.instance);
  });

  it('finds what died meanwhile, and leaves what was stopped on purpose', async () => {
    const stateDir = temporaryFolder();
    const config = { count: 2, restart: 'never' };
    const first = open(config, stateDir);
    const { pid } = await seen(first, 'worker-1', 'RUNNING');
    await first.stop('worker-2', 'FORCED');
    first.release();
    process.kill(pid!, 'SIGKILL');
    await until('it is gone', () => startOf(pid!) === null);
    const second = open(config, stateDir);
    expect(second.node('worker-1')).toMatchObject({
      status: 'DOWN',
      statusReason: 'It ended while no manager watched it.',
    });
    expect(second.node('worker-2')).toMatchObject({ status: 'STOPPED' });
    await second.start('worker-2');
    await seen(second, 'worker-2', 'RUNNING');
  });

  it('does not take another process with a reused id for the worker', async () => {
    const stateDir = temporaryFolder();
    const first = open({ restart: 'never' }, stateDir);
    const { pid } = await seen(first, 'worker-1', 'RUNNING');
    first.release();
    const records = new WorkerRecords(stateDir);
    const record = records.read('worker-1')!;
    records.write({ ...record, start: 'another start' });
    const second = open({ restart: 'never' }, stateDir);
    expect(second.node('worker-1')).toMatchObject({ status: 'DOWN', instance: null });
    await killWorkers(stateDir);
    expect(startOf(pid!), 'it is not this cluster’s to end').not.toBeNull();
    process.kill(pid!, 'SIGKILL');
  });

  it.runIf(process.platform === 'linux')(
    'finds a process whose id nobody could write down, by its launch mark',
    async () => {
      const stateDir = temporaryFolder();
      const first = open({}, stateDir);
      const { pid } = await seen(first, 'worker-1', 'RUNNING');
      first.release();
      const records = new WorkerRecords(stateDir);
      records.write({ ...records.read('worker-1')!, pid: null, start: null, startedAt: null });
      const second = open({}, stateDir);
      expect(second.node('worker-1')?.pid).toBe(pid);
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toContain(LAUNCH_VARIABLE);
    },
  );

  it('starts again after shutDown what was stopped with its manager', async () => {
    const stateDir = temporaryFolder();
    const first = open({ count: 2 }, stateDir);
    await seen(first, 'worker-1', 'RUNNING');
    await seen(first, 'worker-2', 'RUNNING');
    await first.stop('worker-2', 'GRACEFUL');
    await first.shutDown();
    expect(first.node('worker-1')).toMatchObject({
      status: 'STOPPED',
      statusReason: 'Stopped with its manager.',
    });
    first.release();
    const second = open({ count: 2 }, stateDir);
    await seen(second, 'worker-1', 'RUNNING');
    expect(second.node('worker-2'), 'an operator wanted that').toMatchObject({ status: 'STOPPED' });
  });

  it('stops and forgets workers that are not in the configuration any more', async () => {
    const stateDir = temporaryFolder();
    const first = open({ count: 2 }, stateDir);
    const { pid } = await seen(first, 'worker-2', 'RUNNING');
    first.release();
    const second = open({ count: 1 }, stateDir);
    expect(second.nodes().map(({ name }) => name)).toEqual(['worker-1']);
    await until(
      'it is gone and forgotten',
      () => startOf(pid!) === null && !new WorkerRecords(stateDir).read('worker-2'),
    );
  });

  it('does nothing once it is fenced off', async () => {
    const stateDir = temporaryFolder();
    let fenced = false;
    const guard = () => {
      if (fenced) throw new Fenced('another acts', 9);
    };
    const driver = open({ restart: 'always' }, stateDir, guard);
    const { pid, instance } = await seen(driver, 'worker-1', 'RUNNING');
    fenced = true;
    await expect(driver.stop('worker-1', 'FORCED')).rejects.toThrow(Fenced);
    expect(driver.node('worker-1')).toMatchObject({ status: 'RUNNING', instance });
    process.kill(pid!, 'SIGKILL');
    await until(
      'the restart was tried',
      () => driver.node('worker-1')?.status === 'DOWN' && !driver.node('worker-1')?.returning,
    );
    expect(new WorkerRecords(stateDir).read('worker-1')).toMatchObject({ pid, ended: 'DIED' });
  });
});

describe('killWorkers', () => {
  it('ends every recorded worker, and is fine with a folder that has none', async () => {
    const stateDir = temporaryFolder();
    await killWorkers(stateDir);
    const driver = open({ command: node(STUBBORN), count: 3 }, stateDir);
    const nodes = await until(
      'all run',
      () => driver.nodes().every(({ status }) => status === 'RUNNING') && driver.nodes(),
    );
    const identities = nodes.map(({ pid }) => ({ pid: pid!, start: startOf(pid!)! }));
    driver.release();
    writeFileSync(join(stateDir, 'workers', 'broken.json'), '{');
    await killWorkers(stateDir);
    expect(identities.some(isAlive)).toBe(false);
  });
});
