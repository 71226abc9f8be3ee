import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IssuedCommand } from './graphql.ts';
import { journalPath, nodes, oneByOne, primary } from './testing/acting.ts';
import { FakeCluster } from './testing/fake-driver.ts';
import { issued } from './testing/issued.ts';
import { until } from './testing/until.ts';

const three = (change: Partial<IssuedCommand> = {}) => issued('c', oneByOne(nodes(3)), change);
const withStep = (command: IssuedCommand, nodeName: string, wish: object): IssuedCommand => ({
  ...command,
  allSteps: command.allSteps.map((step) => (step.nodeName === nodeName ? { ...step, ...wish } : step)),
});

/** A primary of three nodes of which the first is not healthy, once it was restarted, before the test says so. */
function broken() {
  const cluster = new FakeCluster(nodes(3));
  cluster.broken.add('n1');
  const path = journalPath();
  return { ...primary(cluster, path), cluster, path };
}
/** Lets all happen that needs no time. */
async function turns() {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

/** The same in a rolling restart whose first step is under way. */
async function underWay() {
  const manager = broken();
  manager.relay.issue(three());
  await until('it is under way', () => manager.command('c')?.steps[0]?.status === 'CHECKING');
  const statuses = () => manager.command('c')!.steps.map(({ status }) => status);
  return { ...manager, statuses };
}

describe('a pause', () => {
  it('finishes the batch under way and begins no other, until it is taken back', async () => {
    const { relay, driver, command, statuses, ended, cluster } = await underWay();
    relay.issue(three({ pauseRequested: true }));
    driver.change('n1', 'RUNNING');
    await until(
      'it says so',
      () => command('c')?.waitingFor === 'It is paused. It goes on once someone resumes it.',
    );
    expect(statuses()).toEqual(['SUCCEEDED', 'WAITING', 'PENDING']);
    relay.issue(three());
    expect((await ended('c')).status).toBe('SUCCEEDED');
    expect([...cluster.starts.values()]).toEqual([1, 1, 1]);
  });

  it('of a node holds its batch, and no other', async () => {
    const { relay, driver, command, statuses, ended } = await underWay();
    relay.issue(withStep(three(), 'n3', { pauseRequested: true }));
    driver.change('n1', 'RUNNING');
    await until('it says so', () =>
      command('c')?.waitingFor?.startsWith('The next batch (n3) waits: n3 is paused.'),
    );
    expect(statuses()).toEqual(['SUCCEEDED', 'SUCCEEDED', 'WAITING']);
    relay.issue(three());
    expect((await ended('c')).status).toBe('SUCCEEDED');
  });

  it('of a command that was not begun lets the others pass', async () => {
    const { relay, driver, command, ended } = await underWay();
    relay.issue(issued('paused', oneByOne(nodes(3)), { pauseRequested: true }));
    relay.issue(issued('last', oneByOne(nodes(3))));
    expect(command('paused')).toMatchObject({
      status: 'ACCEPTED',
      waitingFor: 'It is paused. It begins once someone resumes it.',
    });
    driver.cluster.broken.clear();
    driver.change('n1', 'RUNNING');
    expect((await ended('last')).status).toBe('SUCCEEDED');
    expect(command('paused')?.status).toBe('ACCEPTED');
    relay.issue(issued('paused', oneByOne(nodes(3))));
    expect(await ended('paused')).toMatchObject({ status: 'SUCCEEDED', waitingFor: null });
  });

  it('is known to a successor', async () => {
    const { relay, end, path, cluster } = await underWay();
    relay.issue(three({ pauseRequested: true }));
    end();
    cluster.broken.clear();
    const second = primary(cluster, path, 2);
    second.relay.issue(three({ pauseRequested: true, status: 'RUNNING' }));
    await until('it holds', () => second.command('c')?.waitingFor?.startsWith('It is paused.'));
    expect(cluster.starts).toEqual(new Map([['n1', 1]]));
    second.relay.issue(three({ status: 'RUNNING' }));
    expect((await second.ended('c')).status).toBe('SUCCEEDED');
  });
});

describe('a skip', () => {
  it('leaves out what was not begun, and nothing else', async () => {
    const { relay, driver, ended, cluster } = await underWay();
    const skipped = withStep(three(), 'n1', { skipRequested: true });
    relay.issue(withStep(skipped, 'n2', { skipRequested: true }));
    driver.change('n1', 'RUNNING');
    const { status, statusReason, steps } = await ended('c');
    expect({ status, statusReason }).toEqual({ status: 'SUCCEEDED', statusReason: '1 of 3 nodes skipped.' });
    expect(steps.map((step) => [step.status, step.reason])).toEqual([
      ['SUCCEEDED', null],
      ['SKIPPED', 'Skipped by an operator.'],
      ['SUCCEEDED', null],
    ]);
    expect(cluster.starts.has('n2')).toBe(false);
  });

  it('of all nodes is how the command ends', async () => {
    const cluster = new FakeCluster(nodes(1));
    const { relay, ended } = primary(cluster, journalPath());
    relay.issue(withStep(issued('c', [['n1']]), 'n1', { skipRequested: true }));
    expect(await ended('c')).toMatchObject({
      status: 'SKIPPED',
      statusReason: 'All of its nodes were left out.',
    });
    expect(cluster.starts.size).toBe(0);
  });
});

describe('an abort at once', () => {
  it('does not wait for health', async () => {
    const { relay, ended } = await underWay();
    relay.issue(three({ abortRequested: true, abortAtOnce: true }));
    const { status, statusReason, steps } = await ended('c');
    expect(status).toBe('ABORTED');
    expect(statusReason).toBe('Aborted at once: of 3 nodes, 2 not begun and 1 failed or not waited for.');
    expect(steps.map((step) => [step.status, step.reason])).toEqual([
      ['FAILED', 'Aborted at once: it was started, and its health was not waited for: STARTING.'],
      ['SKIPPED', 'Aborted before its turn.'],
      ['SKIPPED', 'Aborted before its turn.'],
    ]);
  });

  it('leaves no node stopped half-way', async () => {
    const cluster = new FakeCluster(nodes(2));
    const { relay, driver, ended, command } = primary(cluster, journalPath());
    const both = (change = {}) => issued('c', [nodes(2)], { kind: 'RESTART', rolling: null, ...change });
    driver.onChange(() => {
      const { status } = cluster.nodes.get('n2')!;
      if (status === 'STOPPING' && !command('c')!.abortAtOnce)
        relay.issue(both({ status: 'RUNNING', abortRequested: true, abortAtOnce: true }));
    });
    cluster.broken.add('n1').add('n2');
    relay.issue(both());
    const { status, steps } = await ended('c');
    expect(status).toBe('ABORTED');
    expect(steps.map((step) => step.status)).toEqual(['FAILED', 'FAILED']);
    expect([...cluster.nodes.values()].map((node) => node.status)).toEqual(['STARTING', 'STARTING']);
    expect(cluster.starts).toEqual(
      new Map([
        ['n1', 1],
        ['n2', 1],
      ]),
    );
  });

  it('leaves alone what a predecessor was about to begin with', async () => {
    const cluster = new FakeCluster(nodes(2));
    const { relay, ended } = primary(cluster, journalPath());
    const begun = { status: 'STOPPING', instanceBefore: 'instance 1', startedAt: new Date().toISOString() };
    const wish = { status: 'RUNNING', abortRequested: true, abortAtOnce: true } as const;
    relay.issue(withStep(issued('c', oneByOne(nodes(2)), wish), 'n1', begun));
    expect((await ended('c')).steps[0]).toMatchObject({
      status: 'FAILED',
      reason: 'Aborted at once: nothing was done to it.',
    });
    expect(cluster.starts.size).toBe(0);
  });
});

describe('a minimum time of health', () => {
  const long = (change: Partial<IssuedCommand> = {}) =>
    three({ rolling: { ...three().rolling!, minHealthySeconds: 10 }, ...change });
  const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('begins anew with each interruption', async () => {
    const { relay, driver, command, cluster } = broken();
    relay.issue(long());
    await turns();
    driver.change('n1', 'RUNNING');
    await pass(9);
    driver.change('n1', 'UNHEALTHY');
    await pass(1);
    driver.change('n1', 'RUNNING');
    await pass(9.9);
    expect(command('c')?.steps[0]?.status).toBe('CHECKING');
    cluster.start('n1');
    driver.change('n1', 'RUNNING');
    await pass(9.9);
    expect(command('c')?.steps[0]?.status, 'another instance').toBe('CHECKING');
    await pass(0.1);
    expect(command('c')?.steps[0]?.status).toBe('SUCCEEDED');
  });

  it('begins anew with another manager', async () => {
    const first = broken();
    first.relay.issue(long());
    await turns();
    first.driver.change('n1', 'RUNNING');
    await pass(9);
    first.end();
    const second = primary(first.cluster, first.path, 2);
    second.relay.issue(long({ status: 'RUNNING' }));
    await pass(9.9);
    expect(second.command('c')?.steps[0]?.status).toBe('CHECKING');
    await pass(0.1);
    expect(second.command('c')?.steps[0]?.status).toBe('SUCCEEDED');
  });
});

describe('a busy driver', () => {
  it('puts off what was not begun, and is asked again when it is issued again', async () => {
    const cluster = new FakeCluster(nodes(3));
    const { relay, command, ended, journal } = primary(cluster, journalPath());
    cluster.busy = { reason: 'A backup runs.', retryAfterSeconds: 40 };
    relay.issue(three());
    const busy = { status: 'REFUSED', statusReason: 'A backup runs.', retryAfterSeconds: 40 };
    await until('it is put off', () => command('c')?.status === 'REFUSED');
    expect(command('c')).toMatchObject(busy);
    journal.update('c', { told: true, sequence: 7 });
    relay.issue(three({ reportSequence: 7 }));
    await until('it is put off again', () => command('c')?.status === 'REFUSED');
    cluster.busy = null;
    relay.issue(three({ reportSequence: 7 }));
    expect(await ended('c')).toMatchObject({ status: 'SUCCEEDED', statusReason: null, sequence: 7 });
    expect([...cluster.starts.values()]).toEqual([1, 1, 1]);
  });

  it('keeps nobody from finishing what was begun, nor from ending what is aborted', async () => {
    const { relay, driver, cluster, command, ended } = await underWay();
    cluster.busy = { reason: 'A backup runs.', retryAfterSeconds: 40 };
    driver.change('n1', 'RUNNING');
    expect((await ended('c')).status).toBe('SUCCEEDED');
    relay.issue(issued('next', oneByOne(nodes(3))));
    await until('it is put off', () => command('next')?.status === 'REFUSED');
    relay.issue(issued('next', oneByOne(nodes(3)), { abortRequested: true }));
    expect(command('next')).toMatchObject({ status: 'ABORTED', retryAfterSeconds: null });
  });
});
