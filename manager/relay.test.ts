import { describe, expect, it } from 'vitest';
import { Fenced } from './fence.ts';
import { journalPath, nodes, oneByOne, primary } from './testing/acting.ts';
import { FakeCluster } from './testing/fake-driver.ts';
import { issued } from './testing/issued.ts';
import { fenceable } from './testing/unfenced.ts';
import { until } from './testing/until.ts';

describe('the relay', () => {
  it('restarts every node once, one batch at a time, and notes which instance came for which', async () => {
    const cluster = new FakeCluster(nodes(5));
    const before = new Map([...cluster.nodes].map(([name, { instance }]) => [name, instance]));
    const { relay, ended } = primary(cluster, journalPath());
    relay.issue(
      issued('c', [['n1', 'n2'], ['n3', 'n4'], ['n5']], {
        rolling: { ...issued('c', []).rolling!, maxUnavailable: 2 },
      }),
    );
    const command = await ended('c');
    expect(command.status).toBe('SUCCEEDED');
    expect(cluster.mostUnavailable).toBeLessThanOrEqual(2);
    expect([...cluster.starts.values()]).toEqual([1, 1, 1, 1, 1]);
    for (const step of command.steps) {
      expect(step).toMatchObject({
        status: 'SUCCEEDED',
        instanceBefore: before.get(step.nodeName),
        instanceAfter: cluster.nodes.get(step.nodeName)!.instance,
      });
    }
  });

  it('carries commands out one after the other', async () => {
    const cluster = new FakeCluster(nodes(3));
    const { relay, driver, ended, command } = primary(cluster, journalPath());
    cluster.broken.add('n1');
    relay.issue(issued('1', oneByOne(nodes(3))));
    relay.issue(issued('2', [nodes(3)], { kind: 'SHUTDOWN', rolling: null }));
    relay.issue(issued('3', [nodes(3)], { kind: 'RESTART', rolling: null }));
    await until('the first is under way', () => command('1')?.steps[0]?.status === 'CHECKING');
    expect([command('2')?.status, command('3')?.status]).toEqual(['ACCEPTED', 'ACCEPTED']);
    cluster.broken.clear();
    driver.change('n1', 'RUNNING');
    await ended('1');
    expect((await ended('2')).status).toBe('SUCCEEDED');
    expect((await ended('3')).status).toBe('SUCCEEDED');
    expect([...cluster.starts.values()]).toEqual([2, 2, 2]);
  });

  it('stops after a failure, with the last words of the node', async () => {
    const cluster = new FakeCluster(nodes(3));
    cluster.broken.add('n1');
    const { relay, driver, ended, command } = primary(cluster, journalPath());
    relay.issue(issued('c', oneByOne(nodes(3))));
    await until('it is checked', () => command('c')?.steps[0]?.status === 'CHECKING');
    driver.change('n1', 'DOWN');
    const { status, steps } = await ended('c');
    expect(status).toBe('FAILED');
    expect(steps[0]).toMatchObject({
      status: 'FAILED',
      reason: 'It did not come back: DOWN.',
      output: ['last words of n1'],
    });
    expect(steps[1]).toMatchObject({
      status: 'SKIPPED',
      reason: '1 node failed (n1): no further batch is begun.',
    });
    expect(cluster.starts.has('n2')).toBe(false);
  });

  it('finishes the batch under way when it is aborted, and begins nothing that waits', async () => {
    const cluster = new FakeCluster(nodes(3));
    cluster.broken.add('n1');
    const { relay, driver, ended, command } = primary(cluster, journalPath());
    relay.issue(issued('1', oneByOne(nodes(3))));
    relay.issue(issued('2', oneByOne(nodes(3))));
    await until('it is under way', () => command('1')?.steps[0]?.status === 'CHECKING');
    relay.issue(issued('2', oneByOne(nodes(3)), { abortRequested: true }));
    expect(command('2')).toMatchObject({ status: 'ABORTED', statusReason: 'Aborted before it began.' });
    relay.issue(issued('1', oneByOne(nodes(3)), { abortRequested: true }));
    expect(command('1')?.status).toBe('RUNNING');
    driver.change('n1', 'RUNNING');
    const { status, steps } = await ended('1');
    expect(status).toBe('ABORTED');
    expect(steps.map((step) => step.status)).toEqual(['SUCCEEDED', 'SKIPPED', 'SKIPPED']);
  });

  it('says what it waits for, and goes on when that comes', async () => {
    const cluster = new FakeCluster(nodes(3));
    const { relay, driver, ended, command } = primary(cluster, journalPath());
    driver.change('n3', 'UNHEALTHY');
    relay.issue(issued('c', [['n1'], ['n2']]));
    await until('it waits', () => command('c')?.waitingFor?.includes('n3 is UNHEALTHY'));
    expect(command('c')?.steps[0]?.status).toBe('WAITING');
    driver.change('n3', 'RUNNING');
    expect(await ended('c')).toMatchObject({ status: 'SUCCEEDED', waitingFor: null });
  });

  it('begins nothing without a lease, but finishes what it began', async () => {
    const cluster = new FakeCluster(nodes(2));
    const { relay, driver, ended, command, lease } = primary(cluster, journalPath());
    cluster.broken.add('n1');
    relay.issue(issued('1', oneByOne(nodes(2))));
    relay.issue(issued('2', oneByOne(nodes(2))));
    await until('the first is under way', () => command('1')?.steps[0]?.status === 'CHECKING');
    lease(false);
    cluster.broken.clear();
    driver.change('n1', 'RUNNING');
    expect((await ended('1')).status).toBe('SUCCEEDED');
    await until('it says why', () => command('2')?.waitingFor?.includes('the lease ran out'));
    lease(true);
    expect((await ended('2')).status).toBe('SUCCEEDED');
  });

  it('refuses what it does not know', () => {
    const { relay, command, told } = primary(new FakeCluster(nodes(1)), journalPath());
    relay.issue(issued('c', oneByOne(nodes(1)), { kind: 'PAINT_IT_BLUE' as never }));
    expect(command('c')).toMatchObject({
      status: 'REFUSED',
      statusReason: 'This manager cannot do PAINT_IT_BLUE.',
    });
    expect(told).toContain('c');
  });

  it('skips a node that left', async () => {
    const cluster = new FakeCluster(nodes(2));
    const { relay, ended } = primary(cluster, journalPath());
    relay.issue(issued('c', [['gone'], ['n1']]));
    const { steps } = await ended('c');
    expect(steps.map(({ status, reason }) => ({ status, reason }))).toEqual([
      { status: 'SKIPPED', reason: 'The node has left the cluster.' },
      { status: 'SUCCEEDED', reason: null },
    ]);
  });

  it('starts what is stopped, and does nothing to what runs', async () => {
    const cluster = new FakeCluster(nodes(2));
    cluster.stop('n2');
    const { relay, ended } = primary(cluster, journalPath());
    relay.issue(issued('c', [nodes(2)], { kind: 'START', rolling: null }));
    const { status, steps } = await ended('c');
    expect(status).toBe('SUCCEEDED');
    expect([...cluster.starts]).toEqual([['n2', 1]]);
    expect(steps.map(({ instanceBefore, instanceAfter }) => [instanceBefore, instanceAfter])).toEqual([
      ['instance 1', 'instance 1'],
      [null, cluster.nodes.get('n2')!.instance],
    ]);
  });

  it('does in another attempt what did not succeed, and takes nobody for stopped on purpose who is not', async () => {
    const cluster = new FakeCluster(nodes(3));
    cluster.broken.add('n1');
    const { relay, driver, ended, command } = primary(cluster, journalPath());
    relay.issue(issued('1', oneByOne(nodes(3))));
    await until('it is under way', () => command('1')?.steps[0]?.status === 'CHECKING');
    driver.change('n1', 'DOWN');
    expect((await ended('1')).status).toBe('FAILED');
    cluster.broken.clear();
    const { allSteps } = issued('2', oneByOne(nodes(3)));
    relay.issue(issued('2', [], { allSteps: allSteps.filter(({ nodeName }) => nodeName !== 'n2') }));
    expect(await ended('2')).toMatchObject({ status: 'SUCCEEDED', stoppedBefore: [] });
    expect([...cluster.starts]).toEqual([
      ['n1', 2],
      ['n3', 1],
    ]);
    expect(cluster.mostUnavailable).toBe(1);
  });

  it('drops what the OC does not know any more, once the batch under way is finished', async () => {
    const cluster = new FakeCluster(nodes(3));
    cluster.broken.add('n1');
    const { relay, driver, journal, command } = primary(cluster, journalPath());
    relay.issue(issued('c', oneByOne(nodes(3))));
    relay.issue(issued('waiting', oneByOne(nodes(3))));
    await until('it is under way', () => command('c')?.steps[0]?.status === 'CHECKING');
    relay.drop('c');
    relay.drop('waiting');
    expect(journal.commands.has('waiting')).toBe(false);
    driver.change('n1', 'RUNNING');
    await until('it is dropped', () => !journal.commands.has('c'));
    expect(cluster.starts).toEqual(new Map([['n1', 1]]));
  });

  it('stops at once when it is fenced off', async () => {
    const cluster = new FakeCluster(nodes(2));
    const guard = fenceable();
    const { relay, driver, command, errors } = primary(cluster, journalPath(), 1, guard);
    cluster.broken.add('n1');
    relay.issue(issued('c', oneByOne(nodes(2))));
    await until('it is under way', () => command('c')?.steps[0]?.status === 'CHECKING');
    guard.rivalActs();
    driver.change('n1', 'RUNNING');
    await until('it stops', () => errors.length > 0);
    expect(errors[0]).toBeInstanceOf(Fenced);
    expect(cluster.starts.has('n2')).toBe(false);
    expect(command('c')).toMatchObject({ status: 'RUNNING' });
  });
});
