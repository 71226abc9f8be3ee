import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { ABORT, START, unpaged } from '../harness/operator.ts';
import { apiKey, firstAdministrator, type Browser, type GrantInput } from '../harness/people.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const LIVE = `subscription {
  topologyChanged {
    __typename
    ... on TopologySnapshot { system { clusters { edges { node { name } } } } }
    ... on TopologyDelta { clusters { name } outsideClusterIds nodes { name } operations { id } }
  }
}`;
const SYSTEM = `{
  system {
    statusReason clusterCounts { status count } nodeCounts { status count }
    clusters { totalCount edges { node { name } } }
    nodes { totalCount edges { node { name } } }
    clusterFacets { kinds { value count } labels { key values { value count } } }
  }
  clusters { totalCount edges { node { name } } }
}`;

describe('roles over chosen clusters', () => {
  let oc: Oc;
  let ann: Browser;
  /** Each is a cluster with one node, `<name>-1`. */
  let shop: WireManager;
  let pay: WireManager;
  let hidden: WireManager;
  const env = (value: string) => [{ key: 'env', value }];
  const join = async (name: string, labels = env('prod')) => {
    const manager = await WireManager.join(
      ann,
      name,
      `${name}-m1`,
      name === 'hidden' ? 'secret' : 'process',
      labels,
    );
    await manager.snapshot(running(`${name}-1`));
    return manager;
  };
  const as = async (...grants: GrantInput[]): Promise<Client> => (await apiKey(ann, grants)).client;
  const only = (name: string, role: GrantInput['role'] = 'OPERATOR'): GrantInput => ({
    role,
    clusters: { names: [name] },
  });
  const start = (client: Client, managers: WireManager[], key: string = randomUUID()) =>
    client.send(START, {
      input: {
        plan: { kind: 'RESTART', targets: { clusterIds: managers.map(({ clusterId }) => clusterId) } },
        reason: 'because',
        idempotencyKey: key,
      },
    });
  const clusterNames = async (client: Client) =>
    unpaged((await client.data('{ clusters(orderBy: NAME) { edges { node { name } } } }')).clusters).map(
      ({ name }: { name: string }) => name,
    );

  beforeAll(async () => {
    oc = await Oc.start({ auth: true, leaseSeconds: 120 });
    ann = await firstAdministrator(oc);
    [shop, pay, hidden] = [await join('shop'), await join('pay'), await join('hidden', env('test'))];
  });
  afterAll(() => oc.stop());

  it('count, list and break down what one sees, and nothing else', async () => {
    const client = await as(only('shop', 'VIEWER'));
    expect(unpaged(await client.data(SYSTEM))).toEqual({
      system: {
        statusReason: 'The cluster is healthy.',
        clusterCounts: [{ status: 'HEALTHY', count: 1 }],
        nodeCounts: [{ status: 'RUNNING', count: 1 }],
        clusters: [{ name: 'shop' }],
        nodes: [{ name: 'shop-1' }],
        clusterFacets: {
          kinds: [{ value: 'process', count: 1 }],
          labels: [{ key: 'env', values: [{ value: 'prod', count: 1 }] }],
        },
      },
      clusters: [{ name: 'shop' }],
    });
    const counts = await client.data(
      '{ clusters { totalCount } system { clusters { totalCount } nodes { totalCount } filtered: nodes(filter: { search: "-1" }) { totalCount } } }',
    );
    expect(counts).toEqual({
      clusters: { totalCount: 1 },
      system: { clusters: { totalCount: 1 }, nodes: { totalCount: 1 }, filtered: { totalCount: 1 } },
    });
  });

  it('of somebody who has none show nothing at all', async () => {
    const client = await as();
    expect((await client.fault('{ clusters { totalCount } }')).extensions.code).toBe('FORBIDDEN');
    const elsewhere = await as(only('nowhere'));
    expect(await clusterNames(elsewhere)).toEqual([]);
    expect((await elsewhere.data('{ system { nodes { totalCount } } }')).system.nodes.totalCount).toBe(0);
  });

  it('answer for what one does not see as for what does not exist', async () => {
    const client = await as(only('shop'));
    const { clusters } = await ann.data(
      '{ clusters(filter: { search: "hidden" }) { edges { node { id nodes { edges { node { id } } } } } } }',
    );
    const node = clusters.edges[0].node.nodes.edges[0].node.id;
    const ask = (cluster: string, nodeId: string) =>
      client.send(
        `query ($cluster: ID!, $node: ID!) {
          cluster(id: $cluster) { name } node(id: $node) { name }
          clusters(filter: { ids: [$cluster] }) { totalCount }
          system { nodes(filter: { clusterId: $cluster }) { totalCount edges { node { name } } } }
          operations(filter: { clusterId: $cluster }) { totalCount }
        }`,
        { cluster, node: nodeId },
      );
    const { errors, data } = await ask(hidden.clusterId, node);
    expect(errors).toBeUndefined();
    expect(data).toEqual((await ask('nothing', 'nothing')).data);
    const refused = async (id: string) => {
      const answer = await start(client, [{ clusterId: id } as WireManager]);
      return JSON.stringify(answer.errors).replaceAll(id, 'ID');
    };
    expect(await refused(hidden.clusterId)).toBe(await refused('nothing'));
  });

  it('say what one may do and why not, and are held to it', async () => {
    const client = await as(only('shop'), only('pay', 'VIEWER'));
    const { clusters } = await client.data(
      '{ clusters(orderBy: NAME) { edges { node { name viewerCan { action allowed reason } cells { viewerCan { allowed } } } } } }',
    );
    const lacking = 'It needs the role OPERATOR over this cluster.';
    expect(unpaged(clusters)).toEqual([
      {
        name: 'pay',
        viewerCan: [{ action: 'START_OPERATION', allowed: false, reason: lacking }],
        cells: [{ viewerCan: [{ allowed: false }] }],
      },
      {
        name: 'shop',
        viewerCan: [{ action: 'START_OPERATION', allowed: true, reason: null }],
        cells: [{ viewerCan: [{ allowed: true }] }],
      },
    ]);
    expect((await start(client, [shop])).errors).toBeUndefined();
    expect((await start(client, [shop, pay])).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const viewer = await as({ role: 'VIEWER' });
    expect((await start(viewer, [shop])).errors?.[0]?.message).toBe(
      'Mutation.startOperation needs the role OPERATOR.',
    );
  });

  it('show of an operation over several clusters the part that one sees', async () => {
    const key = randomUUID();
    const { data } = await start(ann, [pay, hidden], key);
    const id = data.startOperation.id;
    const client = await as(only('pay'));
    const ask = () =>
      client.data(
        `query ($id: ID!, $hidden: ID!) {
          operation(id: $id) {
            status statusReason stepCounts { count } commandCounts { count } viewerCan { action allowed }
            commands { totalCount edges { node { cluster { name } } } }
            history { totalCount edges { node { summary cluster { name } } } }
          }
          operations(filter: { status: [PENDING, RUNNING, ABORTING] }) { totalCount }
          through: operations(filter: { clusterId: $hidden }) { totalCount }
        }`,
        { id, hidden: hidden.clusterId },
      );
    const seen = await ask();
    expect(unpaged(seen.operation)).toEqual({
      status: 'PENDING',
      statusReason: '1 of 1 cluster to go.',
      stepCounts: [{ count: 1 }],
      commandCounts: [{ count: 1 }],
      viewerCan: [{ action: 'ABORT_OPERATION', allowed: false }],
      commands: [{ cluster: { name: 'pay' } }],
      history: [{ summary: 'Restart issued. because', cluster: { name: 'pay' } }],
    });
    expect([seen.operation.commands.totalCount, seen.operation.history.totalCount]).toEqual([1, 1]);
    expect([seen.operations.totalCount, seen.through.totalCount]).toEqual([1, 0]);
    expect((await client.fault(ABORT, { id })).extensions.code).toBe('FORBIDDEN');
    expect((await (await as(only('shop'))).fault(ABORT, { id })).extensions.code).toBe('NOT_FOUND');
    expect((await start(client, [pay, hidden], key)).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    await ann.data(ABORT, { id });
    const after = await ask();
    expect(after.operation).toMatchObject({ status: 'ABORTED', statusReason: 'Of 1 cluster: 1 aborted.' });
    expect(after.operations.totalCount).toBe(0);
  });

  it('are kept by subscriptions', async () => {
    const client = await as(only('shop'));
    const topology = client.subscribe(LIVE);
    const healthy = client.subscribe(
      LIVE.replace('topologyChanged', 'topologyChanged(filter: { status: [HEALTHY] })'),
    );
    const metrics = client.subscribe(
      'subscription ($c: ID!) { metricsReported(clusterId: $c) { nodes { nodeId } } }',
      {
        c: hidden.clusterId,
      },
    );
    await until('all are open', () => [topology, healthy, metrics].every(({ events }) => events.length > 0));
    await hidden.delta(running('hidden-2'));
    await hidden.client.data(
      'mutation ($input: ReportMetricsInput!) { reportMetrics(input: $input) { applied } }',
      {
        input: {
          epoch: hidden.epoch,
          nodes: [{ name: 'hidden-1', samples: [{ name: 'load', value: 1, at: new Date().toISOString() }] }],
        },
      },
    );
    await start(ann, [hidden]);
    // It is healthy no more: those who see it are told that it has left the filter.
    await hidden.delta([{ name: 'hidden-1', status: 'DOWN' }]);
    await shop.delta(running('shop-2'));
    await until('what is seen is told', () =>
      [topology, healthy].every(({ events }) => JSON.stringify(events).includes('shop-2')),
    );
    await until('the metrics go on', () => metrics.events.length > 1);
    const operation = client.subscribe(
      'subscription ($id: ID!) { operationChanged(id: $id) { __typename } }',
      {
        id: (await start(ann, [hidden])).data.startOperation.id,
      },
    );
    await until('it is refused', () => operation.errors.length > 0);
    expect(operation.errors[0]?.extensions.code).toBe('NOT_FOUND');
    const told = JSON.stringify([topology.events, healthy.events, metrics.events]);
    expect(told).not.toContain('hidden');
    expect(told).not.toContain(hidden.clusterId);
    expect(metrics.events.every(({ nodes }) => nodes.length === 0)).toBe(true);
    expect(topology.events.flatMap(({ operations }) => operations ?? [])).toEqual([]);
    const deltas = topology.events.filter(({ __typename }) => __typename === 'TopologyDelta');
    expect(
      deltas.every(({ clusters }) => clusters.length > 0),
      'none for what happens elsewhere',
    ).toBe(true);
    for (const live of [topology, healthy, metrics]) live.close();
  });

  it('by label follow the labels at once, also where one is watching', async () => {
    const client = await as({
      role: 'VIEWER',
      clusters: { labels: [...env('stage'), { key: 'team', value: 'a' }] },
    });
    const staged = [...env('stage'), { key: 'team', value: 'a' }];
    const relabel = (labels: object[]) =>
      WireManager.register(shop.client, {
        credential: shop.client.credential,
        cluster: { name: 'shop', kind: 'process', labels },
        manager: { name: 'shop-m1', version: '1' },
      });
    const live = client.subscribe(LIVE);
    await until('a snapshot', () => live.events.length > 0);
    expect(await clusterNames(client)).toEqual([]);
    await relabel(staged);
    expect(await clusterNames(client)).toEqual(['shop']);
    await until('it is told', () => JSON.stringify(live.events).includes('"shop"'));
    await relabel(env('stage'));
    expect(await clusterNames(client)).toEqual([]);
    await until('the view is another one', () => live.errors.length > 0);
    expect(live.errors[0]?.extensions.code).toBe('RESYNC_REQUIRED');
    live.close();
    const { auditLog } = await ann.data(
      `{ auditLog(first: 2, filter: { action: ["registerManager"] }) {
        edges { node { actorName detail } }
      } }`,
    );
    const entries: { actorName: string; detail: string }[] = unpaged(auditLog);
    expect(
      entries.map(({ actorName, detail }) => [actorName, JSON.parse(detail).labels]),
      'who changes what rights rest on is in the audit log',
    ).toEqual([
      ['shop-m1', ['env=stage']],
      ['shop-m1', ['env=stage', 'team=a']],
    ]);

    // What one never could see may be called what it likes: it is not told, and nothing has to be shown anew.
    const others = await as({ role: 'VIEWER', clusters: { labels: [{ key: 'team', value: 'elsewhere' }] } });
    const calm = others.subscribe(LIVE);
    await until('a snapshot', () => calm.events.length > 0);
    await relabel(staged);
    await relabel([...env('stage'), { key: 'team', value: 'elsewhere' }]);
    await until('what comes into sight is told', () => JSON.stringify(calm.events).includes('"shop"'));
    expect(calm.errors).toEqual([]);
    await relabel(env('stage'));
    await until('and what goes out of it', () => calm.errors.length > 0);
    calm.close();
  });

  it('are shared by all who have the same ones, in whatever order they were given', async () => {
    const one = await as(only('shop'), only('pay', 'VIEWER'), only('pay', 'VIEWER'));
    const other = await as(only('pay', 'VIEWER'), only('shop'));
    const grants = async (client: Client) =>
      (await client.data('{ viewer { grants { role clusters { names } } } }')).viewer.grants;
    expect(await grants(one)).toEqual(await grants(other));
    expect(await clusterNames(one)).toEqual(await clusterNames(other));
  });
});
