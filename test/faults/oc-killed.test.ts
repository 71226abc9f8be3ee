import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { operationEnded, seeOperation, startOperation } from '../harness/operation.ts';
import { isAlive, RealCluster } from '../harness/real-manager.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

describe('the OC is killed', () => {
  let oc: Oc;
  beforeAll(async () => {
    // Longer than a restart takes: what is at stake here is the work, not the lease.
    oc = await Oc.start({ leaseSeconds: 30 });
  });
  afterAll(() => oc.stop());

  it('in the middle of a rolling restart: the operation ends truthfully and no node is restarted twice', async () => {
    const shop = await RealCluster.start(oc, 'shop', { workers: 6, env: { START_MS: '500' } });
    const before = await shop.pids();
    const id = await startOperation(oc.client, {
      kind: 'ROLLING_RESTART',
      targets: { clusterIds: [await shop.id()] },
      rolling: { batchSize: 1, maxUnavailable: 1, healthTimeoutSeconds: 30 },
    });
    await until('it is in the middle', async () => {
      const { steps } = await seeOperation(oc.client, id);
      return steps.some(({ status }) => status === 'SUCCEEDED');
    });
    await oc.kill('SIGKILL');
    await oc.boot();
    const ended = await operationEnded(oc.client, id);
    expect(ended.status).toBe('SUCCEEDED');
    for (const step of ended.steps) expect(step.instanceBefore).toContain(`pid ${before[step.nodeName]} `);
    // What runs is what the steps have started: a second restart of a node would never let this come true.
    const after = await shop.asTheStepsSay(ended.steps);
    for (const pid of Object.values(after)) expect(isAlive(pid)).toBe(true);
    const { cluster } = await oc.client.data(
      'query ($id: ID!) { cluster(id: $id) { history(first: 500) { edges { node { kind } } } } }',
      { id: await shop.id() },
    );
    const kinds = cluster.history.edges.map(({ node }: { node: { kind: string } }) => node.kind);
    expect(kinds, 'its manager was never lost').not.toContain('CLUSTER_SILENT');
  });

  it('and stays away while the manager finishes alone; its report catches up', async () => {
    const lone = await RealCluster.start(oc, 'lone', { workers: 4, env: { START_MS: '300' } });
    const before = await lone.pids();
    const id = await startOperation(oc.client, {
      kind: 'ROLLING_RESTART',
      targets: { clusterIds: [await lone.id()] },
      rolling: { batchSize: 1, maxUnavailable: 1, healthTimeoutSeconds: 30 },
    });
    await until('it has begun', async () => (await seeOperation(oc.client, id)).command.status === 'RUNNING');
    await oc.kill('SIGKILL');
    const program = lone.managers.get('lone-m1')!;
    await until(
      'every process of before has ended, without the OC',
      () => !Object.values(before).some(isAlive),
    );
    expect(program.running).toBe(true);
    await oc.boot();
    const ended = await operationEnded(oc.client, id);
    expect(ended.status).toBe('SUCCEEDED');
    expect(ended.steps.every(({ status }) => status === 'SUCCEEDED')).toBe(true);
  });

  it('and nothing that it had answered is lost', async () => {
    const manager = await WireManager.join(oc.client, 'durable');
    await manager.snapshot(running('n0'));
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 10; n++) await manager.delta(running(`r${round}-${n}`));
      await oc.kill('SIGKILL');
      await oc.boot();
    }
    const { cluster } = await oc.client.data('query ($id: ID!) { cluster(id: $id) { nodeTotal } }', {
      id: manager.clusterId,
    });
    expect(cluster.nodeTotal).toBe(31);
    expect(await manager.renew()).toMatchObject({
      role: 'PRIMARY',
      membershipSequence: 31,
      snapshotWanted: false,
    });
  });

  it('but asked to stop under load it ends cleanly by itself, and nothing acknowledged is lost', async () => {
    const manager = await WireManager.join(oc.client, 'busy');
    await manager.snapshot(running('n0'));
    let acknowledged = 0;
    const load = (async () => {
      try {
        for (let n = 1; ; n++) {
          await manager.delta(running(`n${n}`));
          acknowledged = n;
        }
      } catch {
        return;
      }
    })();
    await until('some load', () => acknowledged > 10);
    await oc.kill('SIGTERM');
    await load;
    expect(await oc.program.ended).toEqual({ code: 0, signal: null });
    await oc.boot();
    const { cluster } = await oc.client.data('query ($id: ID!) { cluster(id: $id) { nodeTotal } }', {
      id: manager.clusterId,
    });
    expect(cluster.nodeTotal).toBeGreaterThanOrEqual(acknowledged + 1);
  });
});
