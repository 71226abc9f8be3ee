import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Fenced } from '../../fence.ts';
import { writeFileAtomic } from '../../files.ts';
import { findByEnvironment, isAlive, startOf } from '../../process-identity.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { fenceable, unfenced } from '../../testing/unfenced.ts';
import { until } from '../../testing/until.ts';
import { killWorkers } from './kill-workers.ts';
import { signalGroup } from './launch.ts';
import { LAUNCH_VARIABLE, WorkerRecords } from './records.ts';
import { node, open, seen, STUBBORN } from './testing.ts';

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
    onTestFinished(() => void process.kill(pid!, 'SIGKILL'));
    first.release();
    const records = new WorkerRecords(stateDir);
    const record = records.read('worker-1')!;
    records.write({ ...record, start: 'another start' }, unfenced);
    const second = open({ restart: 'never' }, stateDir);
    expect(second.node('worker-1')).toMatchObject({ status: 'DOWN', instance: null });
    await killWorkers(stateDir);
    expect(startOf(pid!), 'it is not this cluster’s to end').not.toBeNull();
  });

  it.runIf(process.platform === 'linux')(
    'finds a process whose id nobody could write down, by its launch mark',
    async () => {
      const stateDir = temporaryFolder();
      const first = open({}, stateDir);
      const { pid } = await seen(first, 'worker-1', 'RUNNING');
      first.release();
      const records = new WorkerRecords(stateDir);
      records.write({ ...records.read('worker-1')!, pid: null, start: null, startedAt: null }, unfenced);
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

  it('does nothing once it is fenced off, and writes nothing over what its successor writes', async () => {
    const stateDir = temporaryFolder();
    const guard = fenceable();
    const driver = open({ restart: 'always' }, stateDir, guard);
    const { pid, instance } = await seen(driver, 'worker-1', 'RUNNING');
    guard.rivalActs();
    await expect(driver.stop('worker-1', 'FORCED')).rejects.toThrow(Fenced);
    expect(driver.node('worker-1')).toMatchObject({ status: 'RUNNING', instance });
    const successor = open({ restart: 'always' }, stateDir);
    await successor.stop('worker-1', 'FORCED');
    await successor.start('worker-1');
    const { pid: now } = await seen(successor, 'worker-1', 'RUNNING');
    await until('its child’s end is seen here too', () => driver.node('worker-1')?.instance === null);
    expect(now).not.toBe(pid);
    expect(driver.node('worker-1')?.returning).toBe(false);
    expect(new WorkerRecords(stateDir).read('worker-1')).toMatchObject({ pid: now, ended: null });
  });

  it.each([
    ['is ended again when its successor has not seen it', 'DIED', false],
    ['stays when its successor has adopted it', null, true],
  ] as const)('that was fenced off in the middle of a start: the process %s', async (_, ended, stays) => {
    const stateDir = temporaryFolder();
    const records = new WorkerRecords(stateDir);
    let fenced = false;
    const driver = open({ restart: 'always' }, stateDir, {
      check: () => undefined,
      write(path, text, options) {
        if (fenced) throw new Fenced('another acts', 9);
        writeFileAtomic(path, text, options);
        // From here on its successor writes: the launch is on record, and the process is not there yet.
        fenced = true;
        records.write({ ...records.read('worker-1')!, ended }, unfenced);
      },
    });
    await until('the start was fenced off', () => fenced && driver.node('worker-1')?.instance === null);
    const { launch } = records.read('worker-1')!;
    const found = () => findByEnvironment(LAUNCH_VARIABLE, launch!);
    if (stays) {
      const process = await until('it is there', () => found() ?? undefined);
      onTestFinished(() => signalGroup(process.pid, 'SIGKILL'));
      driver.release();
      expect(open({ restart: 'always' }, stateDir).node('worker-1')).toMatchObject({ pid: process.pid });
    } else await until('it is gone', () => found() === null);
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
