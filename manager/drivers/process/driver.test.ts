import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startOf } from '../../process-identity.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { until } from '../../testing/until.ts';
import { IDLE, node, open, seen, STUBBORN } from './testing.ts';

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

/** A port that was free a moment ago. */
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
