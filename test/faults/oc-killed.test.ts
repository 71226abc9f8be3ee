import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Load } from '../harness/load.ts';
import { Oc } from '../harness/oc.ts';
import { operationEnded, seeOperation, startOperation } from '../harness/operation.ts';
import { isAlive, RealCluster } from '../harness/real-manager.ts';
import { rounds } from '../harness/rounds.ts';
import { until } from '../harness/until.ts';

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
      rolling: { batchSize: { count: 1 }, maxUnavailable: { count: 1 }, healthTimeoutSeconds: 30 },
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
      rolling: { batchSize: { count: 1 }, maxUnavailable: { count: 1 }, healthTimeoutSeconds: 30 },
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

  it('at any moment under load: nothing that it had answered is lost, and what is sent again is done once', async () => {
    const loads = await Promise.all(['any-1', 'any-2', 'any-3'].map((name) => Load.begin(oc.client, name)));
    for (let round = 0; round < rounds({ short: 2, full: 100 }); round++) {
      const before = loads.map(({ acknowledged }) => acknowledged);
      await until('each has some more', () => loads.every((load, n) => load.acknowledged > before[n]! + 3));
      // Anywhere in the work for one of them.
      await delay(Math.random() * 30);
      await oc.kill('SIGKILL');
      await oc.boot();
    }
    for (const load of loads) expect(await load.end()).toEqual([]);
    const [{ manager, acknowledged }] = loads as [Load];
    manager.sequence = acknowledged;
    expect(await manager.renew()).toMatchObject({
      role: 'PRIMARY',
      membershipSequence: acknowledged,
      snapshotWanted: false,
    });
  });

  it('but asked to stop under load it is out by itself, and nothing acknowledged is lost', async () => {
    const loads = await Promise.all(
      ['busy-1', 'busy-2', 'busy-3'].map((name) => Load.begin(oc.client, name)),
    );
    for (let round = 0; round < rounds({ short: 1, full: 20 }); round++) {
      const before = loads.map(({ acknowledged }) => acknowledged);
      await until('each has some more', () => loads.every((load, n) => load.acknowledged > before[n]! + 3));
      await oc.kill('SIGTERM');
      expect(await oc.program.ended).toEqual({ code: 0, signal: null });
      await oc.boot();
    }
    for (const load of loads) expect(await load.end()).toEqual([]);
  });
});
