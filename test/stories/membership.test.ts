import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const NODES = `query ($id: ID!) {
  cluster(id: $id) {
    status statusReason controlLink epoch nodeTotal nodeCounts { status count } lastKnownNodeCounts { status count }
    nodes(orderBy: NAME, filter: { includeLeft: true }) { edges { node { id name status reportedStatus statusReason } } }
    primary { name } managers { edges { node { name role status } } }
    history(first: 50) { edges { node { kind summary } } }
  }
}`;

describe('a manager reports its nodes', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 1.5 });
  });
  afterAll(() => oc.stop());

  const look = async (id: string) => (await oc.client.data(NODES, { id })).cluster;
  const states = async (id: string) =>
    Object.fromEntries(
      (await look(id)).nodes.edges.map(({ node }: { node: { name: string; reportedStatus: string } }) => [
        node.name,
        node.reportedStatus,
      ]),
    );

  it('as a snapshot and deltas, each applied once and in order', async () => {
    const manager = await WireManager.join(oc.client, 'steady');
    await manager.snapshot(running('a', 'b', 'c'));
    await manager.delta([{ name: 'b', status: 'DOWN', statusReason: 'exited with code 1' }]);
    await manager.delta([{ name: 'd', status: 'STARTING' }], [{ name: 'c', reason: 'scaled in' }]);
    expect(await states(manager.clusterId)).toEqual({ a: 'RUNNING', b: 'DOWN', c: 'LEFT', d: 'STARTING' });
    const { data } = await manager.report({ kind: 'DELTA', sequence: 2, nodes: running('b') });
    expect(data.reportMembership).toEqual({ applied: false, sequence: 3 });
    expect(await states(manager.clusterId)).toMatchObject({ b: 'DOWN' });
    const { history, statusReason } = await until('its status is known', async () => {
      await manager.renew();
      const cluster = await look(manager.clusterId);
      return cluster.status === 'DEGRADED' && cluster;
    });
    expect(statusReason).toBe('1 down of 3 nodes.');
    expect(history.edges.map(({ node }: { node: { summary: string } }) => node.summary)).toEqual(
      expect.arrayContaining([
        'b: RUNNING → DOWN. exited with code 1',
        'c left steady. scaled in',
        'd joined steady: STARTING.',
      ]),
    );
  });

  it('and is asked for a snapshot when a delta is missing', async () => {
    const manager = await WireManager.join(oc.client, 'gappy');
    const early = await manager.fault({ kind: 'DELTA', sequence: 1, nodes: running('a') });
    expect(early.extensions).toMatchObject({
      code: 'CONFLICT',
      field: 'input.sequence',
      expectedSequence: 1,
    });
    await manager.snapshot(running('a'));
    const gap = await manager.fault({ kind: 'DELTA', sequence: 5, nodes: running('z') });
    expect(gap.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.sequence', expectedSequence: 2 });
    expect(await states(manager.clusterId)).toEqual({ a: 'RUNNING' });
    manager.sequence = 6;
    expect(await manager.renew(), 'the OC has less than the manager believes').toMatchObject({
      snapshotWanted: true,
    });
    await manager.snapshot(running('a', 'z'));
    expect(await manager.renew()).toMatchObject({ snapshotWanted: false, membershipSequence: 7 });
  });

  it('and a snapshot lets go of those that are not in it, but an empty one of nobody', async () => {
    const manager = await WireManager.join(oc.client, 'shrinking');
    await manager.snapshot(running('a', 'b'));
    const empty = await manager.fault({ kind: 'SNAPSHOT', sequence: 2, nodes: [] });
    expect(empty.extensions).toMatchObject({ code: 'INVALID', field: 'input.nodes' });
    expect(await states(manager.clusterId)).toEqual({ a: 'RUNNING', b: 'RUNNING' });
    await manager.snapshot(running('b'));
    expect(await states(manager.clusterId)).toEqual({ a: 'LEFT', b: 'RUNNING' });
    await manager.snapshot(running('a', 'b'));
    expect(await states(manager.clusterId)).toEqual({ a: 'RUNNING', b: 'RUNNING' });
  });

  it('and a snapshot may name those that left: so a cluster becomes empty whose manager was away', async () => {
    const manager = await WireManager.join(oc.client, 'emptied');
    await manager.snapshot(running('a', 'b', 'c'));
    const left = [{ name: 'b', reason: 'scaled in' }];
    const twice = await manager.fault({ kind: 'SNAPSHOT', sequence: 2, nodes: running('b'), left });
    expect(twice.extensions).toMatchObject({ code: 'INVALID', field: 'input.nodes' });
    await manager.snapshot(running('a', 'c'), left);
    await manager.snapshot(
      [],
      [{ name: 'a' }, { name: 'c', reason: 'decommissioned' }, { name: 'unheard of' }],
    );
    const { status, nodeTotal, nodes } = await look(manager.clusterId);
    expect({ status, nodeTotal }).toEqual({ status: 'EMPTY', nodeTotal: 0 });
    expect(
      nodes.edges.map(({ node }: { node: { name: string; statusReason: string | null } }) => [
        node.name,
        node.statusReason,
      ]),
    ).toEqual([
      ['a', null],
      ['b', 'scaled in'],
      ['c', 'decommissioned'],
    ]);
  });

  it('and a report with one bad node is refused whole, naming the field', async () => {
    const manager = await WireManager.join(oc.client, 'strict');
    await manager.snapshot(running('a'));
    const cases: [object[], string][] = [
      [[...running('b'), { name: 'bell\u0007', status: 'RUNNING' }], 'input.nodes.1.name'],
      [[...running('b'), { name: 'x'.repeat(65_536), status: 'RUNNING' }], 'input.nodes.1.name'],
      [[...running('b'), { name: 'c', status: 'LEFT' }], 'input.nodes.1.status'],
      [[...running('b'), ...running('b')], 'input.nodes'],
      [[{ name: 'b', status: 'RUNNING', pid: -1 }], 'input.nodes.0.pid'],
      [
        [
          {
            name: 'b',
            status: 'RUNNING',
            labels: [
              { key: 'k', value: '1' },
              { key: 'k', value: '2' },
            ],
          },
        ],
        'input.nodes.0.labels',
      ],
    ];
    for (const [nodes, field] of cases) {
      const { extensions } = await manager.fault({ kind: 'DELTA', sequence: 2, nodes });
      expect(extensions, field).toMatchObject({ code: 'INVALID', field });
    }
    expect(await states(manager.clusterId)).toEqual({ a: 'RUNNING' });
    const { errors } = await manager.report({
      kind: 'DELTA',
      sequence: 2,
      nodes: [{ name: 'b', status: 'SLEEPY' }],
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'input.nodes[0].status' });
  });

  it('and its silence means unknown, not down: the last known state stays', async () => {
    const manager = await WireManager.join(oc.client, 'quiet');
    await manager.snapshot(running('a', 'b'));
    const silent = await until('the lease runs out', async () => {
      const cluster = await look(manager.clusterId);
      return cluster.controlLink === 'SILENT' && cluster;
    });
    expect(silent).toMatchObject({
      status: 'UNKNOWN',
      nodeCounts: [{ status: 'UNKNOWN', count: 2 }],
      lastKnownNodeCounts: [{ status: 'RUNNING', count: 2 }],
    });
    expect(silent.nodes.edges[0].node).toMatchObject({ status: 'UNKNOWN', reportedStatus: 'RUNNING' });
    const { system } = await oc.client.data(
      'query ($id: ID!) { system { nodes(filter: { clusterId: $id, status: [UNKNOWN] }) { totalCount } } }',
      { id: manager.clusterId },
    );
    expect(system.nodes.totalCount).toBe(2);
    expect(await manager.renew()).toMatchObject({ role: 'PRIMARY', epoch: 1 });
    expect(await look(manager.clusterId)).toMatchObject({ status: 'HEALTHY', controlLink: 'CONNECTED' });
  });

  it('and a digest that differs from what the OC has asks for a snapshot', async () => {
    const manager = await WireManager.join(oc.client, 'digested');
    await manager.snapshot(running('web-1', 'gone'));
    await manager.delta([{ name: 'web-2', status: 'DOWN' }], [{ name: 'gone' }]);
    // The example of PROTOCOL.md.
    expect(await manager.renew('8922c43be77ebf33')).toMatchObject({ role: 'PRIMARY', snapshotWanted: false });
    expect(await manager.renew('31a6d66b26a244c9')).toMatchObject({ role: 'PRIMARY', snapshotWanted: true });
    await manager.snapshot(running('web-1'));
    expect(await manager.renew('31a6d66b26a244c9')).toMatchObject({ snapshotWanted: false });
    expect(await manager.renew(), 'who sends none is not compared').toMatchObject({ snapshotWanted: false });
  });

  it('and a standby takes over when the primary is silent, and the old one’s word is refused', async () => {
    const primary = await WireManager.join(oc.client, 'pair', 'pair-m1');
    await primary.snapshot(running('a'));
    const standby = await WireManager.join(oc.client, 'pair', 'pair-m2');
    const lease = await until('the standby is promoted', async () => {
      const answer = await standby.renew();
      return answer.role === 'PRIMARY' && answer;
    });
    expect(lease).toMatchObject({ epoch: 2, snapshotWanted: true });
    const late = await primary.fault({ kind: 'DELTA', sequence: 2, nodes: running('zombie') });
    expect(late.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.epoch', epoch: 2 });
    expect(await primary.renew()).toMatchObject({ role: 'STANDBY', epoch: 2, primaryName: 'pair-m2' });
    standby.epoch = 2;
    await standby.snapshot(running('a', 'b'));
    expect(await states(primary.clusterId)).toEqual({ a: 'RUNNING', b: 'RUNNING' });
    expect((await look(primary.clusterId)).primary.name).toBe('pair-m2');
  });

  it('and one that says that it leaves is followed at once', async () => {
    const primary = await WireManager.join(oc.client, 'polite', 'polite-m1');
    const standby = await WireManager.join(oc.client, 'polite', 'polite-m2');
    await primary.leave();
    expect(await standby.renew()).toMatchObject({ role: 'PRIMARY', epoch: 2 });
    const { managers } = await look(primary.clusterId);
    expect(managers.edges.map(({ node }: { node: object }) => node)).toEqual([
      { name: 'polite-m1', role: 'STANDBY', status: 'LEFT' },
      { name: 'polite-m2', role: 'PRIMARY', status: 'CONNECTED' },
    ]);
  });
});
