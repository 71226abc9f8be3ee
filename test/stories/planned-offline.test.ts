import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { operator } from '../harness/operator.ts';
import { until } from '../harness/until.ts';

const PLAN_OFFLINE = `mutation ($input: PlanOfflineInput!) { planOffline(input: $input) { returnsAt node { name } } }`;
const END = `mutation ($input: EndPlannedOfflineInput!) { endPlannedOffline(input: $input) { reason } }`;
const SEEN = `query ($id: ID!) { operation(id: $id) {
  hold { rule reason }
  commands { edges { node { status issuedAt cluster { name } hold { rule reason } } } }
} }`;

describe('what is planned to be offline', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 300 });
  });
  afterAll(() => oc.stop());

  const { start, cluster } = operator(() => oc);
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  const restart = (...clusterIds: string[]) => ({ kind: 'RESTART', targets: { clusterIds } });
  const command = async (id: string, name: string) => {
    const { operation } = await oc.client.data(SEEN, { id });
    return operation.commands.edges
      .map(({ node }: { node: { cluster: { name: string } } }) => node)
      .find((one: { cluster: { name: string } }) => one.cluster.name === name);
  };
  const nodesOf = async (clusterId: string) => {
    const { cluster: found } = await oc.client.data(
      `query ($id: ID!) { cluster(id: $id) {
        plannedOffline { reason returnsAt createdBy }
        nodes { edges { node { id name plannedOffline { reason } } } }
      } }`,
      { id: clusterId },
    );
    return { ...found, nodes: found.nodes.edges.map(({ node }: { node: unknown }) => node) };
  };

  it('a cluster: its commands wait and say so, the others go on; someone ends it', async () => {
    const [away, here] = [await cluster('away', 'a'), await cluster('here', 'a')];
    const returnsAt = inSeconds(3600);
    const target = { clusterId: away.clusterId };
    await oc.client.data(PLAN_OFFLINE, { input: { target, reason: 'a new rack', returnsAt } });
    expect(await nodesOf(away.clusterId)).toMatchObject({
      plannedOffline: { reason: 'a new rack', returnsAt },
      nodes: [{ plannedOffline: { reason: 'a new rack' } }],
    });
    const id = await start(restart(away.clusterId, here.clusterId), { override: { reason: 'now' } });
    expect(await command(id, 'here')).toMatchObject({ status: 'PENDING' });
    const reason = `away is planned to be offline until ${returnsAt}: a new rack`;
    expect(await command(id, 'away')).toMatchObject({ status: 'PLANNED', hold: { rule: 'OFFLINE', reason } });
    await oc.client.data(END, { input: { target, reason: 'earlier than thought' } });
    await until('it is issued', async () => (await command(id, 'away')).status === 'PENDING');
    expect((await nodesOf(away.clusterId)).plannedOffline).toBeNull();
    expect((await oc.client.fault(END, { input: { target } })).extensions.code).toBe('NOT_FOUND');
  });

  it('a node: what would touch it waits, until its return or until it is left out', async () => {
    const manager = await cluster('half', 'a', 'b');
    const { nodes } = await nodesOf(manager.clusterId);
    const [a] = nodes;
    const target = { nodeId: a.id };
    const plan = (seconds: number) =>
      oc.client.data(PLAN_OFFLINE, {
        input: { target, reason: 'a new disk', returnsAt: inSeconds(seconds) },
      });
    await plan(3600);
    expect((await nodesOf(manager.clusterId)).nodes).toMatchObject([
      { name: 'a', plannedOffline: { reason: 'a new disk' } },
      { name: 'b', plannedOffline: null },
    ]);
    const skipped = await start(restart(manager.clusterId));
    expect(await command(skipped, 'half')).toMatchObject({ status: 'PLANNED', hold: { rule: 'OFFLINE' } });
    await oc.client.data('mutation ($input: OperationActInput!) { skipOperation(input: $input) { id } }', {
      input: { operationId: skipped, scope: { nodeId: a.id } },
    });
    await until('it goes on without', async () => (await command(skipped, 'half')).status === 'PENDING');

    const { planOffline } = await plan(4);
    const waiting = await start(restart(manager.clusterId));
    const issued = await until('it goes on by itself', async () => {
      const one = await command(waiting, 'half');
      return one.status === 'PENDING' && one;
    });
    expect(issued.issuedAt >= planOffline.returnsAt).toBe(true);
  });
});
