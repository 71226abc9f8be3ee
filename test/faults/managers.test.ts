import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { operationEnded } from '../harness/operation.ts';
import { RealCluster } from '../harness/real-manager.ts';
import { inTheMiddle, onceEach, restartNodeByNode } from '../harness/rolling.ts';
import { until } from '../harness/until.ts';

describe('a manager dies', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 2 });
  });
  afterAll(() => oc.stop());

  it('and its standby takes over without stopping a worker', async () => {
    const pair = await RealCluster.start(oc, 'pair', { workers: 3 }, ['pair-m1', 'pair-m2']);
    const before = await pair.pids();
    const { name, epoch } = await pair.primary();
    await pair.managers.get(name)!.kill('SIGKILL');
    await until('the other one is primary', async () => {
      const now = await pair.primary();
      return now.name !== name && now.epoch > epoch && now.link === 'CONNECTED';
    });
    await pair.allRunning();
    expect(await pair.pids()).toEqual(before);
  });

  it('in the middle of a rolling restart, and its successor goes on: each node restarted once', async () => {
    const relay = await RealCluster.start(oc, 'relay', { workers: 5, env: { START_MS: '500' } }, [
      'relay-m1',
      'relay-m2',
    ]);
    const before = await relay.pids();
    const id = await restartNodeByNode(relay);
    await inTheMiddle(oc.client, id);
    const { name } = await relay.primary();
    await relay.managers.get(name)!.kill('SIGKILL');
    const ended = await operationEnded(oc.client, id);
    expect(ended.status).toBe('SUCCEEDED');
    await onceEach(relay, before, ended.steps);
  });

  it('in the middle of a rolling restart, and its own next start goes on: each node restarted once', async () => {
    const alone = await RealCluster.start(oc, 'alone', { workers: 5, env: { START_MS: '500' } });
    const before = await alone.pids();
    const id = await restartNodeByNode(alone);
    await inTheMiddle(oc.client, id);
    await alone.managers.get('alone-m1')!.kill('SIGKILL');
    await alone.startManager('alone-m1');
    const ended = await operationEnded(oc.client, id);
    expect(ended.status).toBe('SUCCEEDED');
    await onceEach(alone, before, ended.steps);
  });

  it('frozen past its lease, it wakes as a standby and touches nothing', async () => {
    const frozen = await RealCluster.start(oc, 'frozen', { workers: 3 }, ['frozen-m1', 'frozen-m2']);
    const before = await frozen.pids();
    const { name, epoch } = await frozen.primary();
    const program = frozen.managers.get(name)!;
    program.process.kill('SIGSTOP');
    const taken = await until('the other one is primary', async () => {
      const now = await frozen.primary();
      return now.name !== name && now;
    });
    program.process.kill('SIGCONT');
    await until('the old one is heard again', async () => {
      const { cluster } = await oc.client.data(
        'query ($id: ID!) { cluster(id: $id) { managers { edges { node { name role status } } } } }',
        { id: await frozen.id() },
      );
      const old = cluster.managers.edges.find(
        ({ node }: { node: { name: string } }) => node.name === name,
      ).node;
      return old.status === 'CONNECTED' && old.role === 'STANDBY';
    });
    expect(await frozen.primary()).toMatchObject({ name: taken.name, epoch: epoch + 1 });
    expect(await frozen.pids()).toEqual(before);
  });
});
