import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

interface Named {
  node: { name: string };
}
const names = (connection: { edges: Named[] }) => connection.edges.map(({ node }) => node.name);

describe('the graph System → Cluster → Node', () => {
  let oc: Oc;
  let alpha: WireManager;
  let beta: WireManager;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 120 });
    alpha = await WireManager.join(oc.client, 'alpha');
    await alpha.snapshot(running(...Array.from({ length: 12 }, (_, n) => `web-${n + 1}`)));
    beta = await WireManager.join(oc.client, 'beta', 'beta-m1', 'redis');
    await beta.snapshot([...running('shard-1'), { name: 'shard-2', status: 'DOWN' }]);
    await WireManager.join(oc.client, 'gamma');
  });
  afterAll(() => oc.stop());

  it('counts by status, worst first', async () => {
    const { system } = await oc.client.data(
      '{ system { status statusReason clusterCounts { status count } nodeCounts { status count } } }',
    );
    expect(system).toEqual({
      status: 'DEGRADED',
      statusReason: '1 degraded, 1 empty of 3 clusters.',
      clusterCounts: [
        { status: 'DEGRADED', count: 1 },
        { status: 'EMPTY', count: 1 },
        { status: 'HEALTHY', count: 1 },
      ],
      nodeCounts: [
        { status: 'DOWN', count: 1 },
        { status: 'RUNNING', count: 13 },
      ],
    });
  });

  it('lists and filters clusters', async () => {
    const list = async (args: string) =>
      names((await oc.client.data(`{ clusters(${args}) { edges { node { name } } } }`)).clusters);
    expect(await list('orderBy: WORST_FIRST')).toEqual(['beta', 'gamma', 'alpha']);
    expect(await list('orderBy: NAME')).toEqual(['alpha', 'beta', 'gamma']);
    expect(await list('filter: { search: "ET" }')).toEqual(['beta']);
    expect(await list('filter: { search: "shard-2" }'), 'by its node').toEqual(['beta']);
    expect(await list('filter: { kind: ["redis"] }')).toEqual(['beta']);
    expect(await list('filter: { status: [HEALTHY, EMPTY] }')).toEqual(['gamma', 'alpha']);
    expect(await list('filter: { status: [] }')).toEqual([]);
  });

  const PAGE = 'edges { node { name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
  const systemPage = async (args: string) =>
    (await oc.client.data(`{ system { nodes(${args}) { totalCount ${PAGE} } } }`)).system.nodes;
  const clusterPage = async (args: string) => {
    const id = (await oc.client.data('{ clusters(filter: { search: "alpha" }) { edges { node { id } } } }'))
      .clusters.edges[0].node.id;
    const { cluster } = await oc.client.data(
      `{ cluster(id: "${id}") { nodes(${args}) { totalCount ${PAGE} } } }`,
    );
    return cluster.nodes;
  };

  /** The names in the order of the list, read four at a time from one of its ends. */
  const walked = async (page: typeof systemPage, rules: string, way: 'forward' | 'backward') => {
    const [size, place, more, next] =
      way === 'forward'
        ? (['first', 'after', 'hasNextPage', 'endCursor'] as const)
        : (['last', 'before', 'hasPreviousPage', 'startCursor'] as const);
    const seen: string[] = [];
    for (let cursor = '', onward = true; onward;) {
      const found = await page(`${rules}, ${size}: 4${cursor && `, ${place}: "${cursor}"`}`);
      if (way === 'forward') seen.push(...names(found));
      else seen.unshift(...names(found));
      cursor = found.pageInfo[next];
      onward = found.pageInfo[more];
    }
    return seen;
  };

  const listPage = async (args: string) =>
    (await oc.client.data(`{ clusters(${args}) { ${PAGE} } }`)).clusters;

  it('pages through the clusters in each order, forward and backward, without gap or overlap', async () => {
    for (const order of ['WORST_FIRST', 'NAME', 'NEWEST_FIRST']) {
      for (const [ahead, place, cursor, back] of [
        ['first', 'after', 'endCursor', false],
        ['last', 'before', 'startCursor', true],
      ] as const) {
        const seen: string[] = [];
        for (let at = '', more = true; more;) {
          const page = await listPage(`orderBy: ${order}, ${ahead}: 1${at && `, ${place}: "${at}"`}`);
          seen.push(...names(page));
          at = page.pageInfo[cursor];
          more = page.pageInfo[back ? 'hasPreviousPage' : 'hasNextPage'];
        }
        const all = names(await listPage(`orderBy: ${order}`));
        expect(back ? seen.reverse() : seen, `${order} ${ahead}`).toEqual(all);
      }
    }
    const only = await oc.client.data(
      `{ clusters(first: 1) { pageInfo { hasNextPage } } operations { pageInfo { hasNextPage } } }`,
    );
    expect(only.clusters.pageInfo.hasNextPage).toBe(true);
    expect(only.operations.pageInfo.hasNextPage).toBe(false);
  });

  it('goes on where a page of clusters ended, though its last has moved meanwhile', async () => {
    const { pageInfo, ...first } = await listPage('first: 1');
    expect(names(first)).toEqual(['beta']);
    await beta.delta([{ name: 'shard-2', status: 'RUNNING' }]);
    expect(names(await listPage(`after: "${pageInfo.endCursor}"`))).toEqual(['gamma', 'alpha', 'beta']);
    await beta.delta([{ name: 'shard-2', status: 'DOWN' }]);
  });

  it.each([
    ['all nodes', systemPage],
    ['the nodes of a cluster', clusterPage],
  ])('pages through %s in each order, forward and backward, without gap or overlap', async (_which, page) => {
    for (const rules of [
      'orderBy: WORST_FIRST',
      'orderBy: NAME',
      'filter: { status: [RUNNING] }',
      'orderBy: NAME, filter: { status: [DOWN, STARTING, RUNNING, UNKNOWN, LEFT], search: "-1" }',
      'filter: { includeLeft: true, zone: ["a", "b"] }',
    ]) {
      const { totalCount, ...whole } = await page(`${rules}, first: 100`);
      const all = names(whole);
      expect(all, rules).toHaveLength(totalCount);
      expect(await walked(page, rules, 'forward'), rules).toEqual(all);
      expect(await walked(page, rules, 'backward'), rules).toEqual(all);
    }
    for (const text of ['["RUNNING"]', '["X","a","b"]', '["RUNNING",1,"b"]', 'GPC:S:id', '']) {
      const after = Buffer.from(text).toString('base64url');
      await expect(page(`after: "${after}"`), text).rejects.toThrow(/is no cursor/);
    }
  });

  it('finds nodes across clusters, and their way back to the system', async () => {
    const { system } = await oc.client.data(
      '{ system { nodes(filter: { status: [DOWN] }) { totalCount edges { node { name cluster { name kind } } } } } }',
    );
    expect(system.nodes).toEqual({
      totalCount: 1,
      edges: [{ node: { name: 'shard-2', cluster: { name: 'beta', kind: 'redis' } } }],
    });
  });

  it('shows a cluster’s worst nodes as cells', async () => {
    const { clusters } = await oc.client.data(
      '{ clusters(orderBy: NAME) { edges { node { name nodeTotal cells(limit: 3) { name status } } } } }',
    );
    const cells = clusters.edges.map(({ node }: { node: { cells: object[]; nodeTotal: number } }) => [
      node.nodeTotal,
      node.cells.length,
    ]);
    expect(cells).toEqual([
      [12, 3],
      [2, 2],
      [0, 0],
    ]);
    expect(clusters.edges[1].node.cells[0]).toEqual({ name: 'shard-2', status: 'DOWN' });
  });

  it('answers null for an id that does not exist, and a typed error for a bad page', async () => {
    const nothing = await oc.client.data(
      '{ cluster(id: "nix") { id } node(id: "nix") { id } operation(id: "nix") { id } }',
    );
    expect(nothing).toEqual({ cluster: null, node: null, operation: null });
    for (const [args, field] of [
      ['after: "garbage"', 'after'],
      ['first: -1', 'first'],
      ['last: -1', 'last'],
      ['filter: { search: "\\u0000" }', 'filter.search'],
    ]) {
      const fault = await oc.client.fault(`{ clusters(${args}) { totalCount edges { node { id } } } }`);
      expect(fault.extensions, args).toMatchObject({ code: 'INVALID', field });
    }
    expect(
      (await oc.client.fault(`{ clusters { edges { node { cells(limit: 0) { id } } } } }`)).extensions.code,
    ).toBe('INVALID');
  });

  it('counts labels of the clusters that pass a filter, the commonest first', async () => {
    const label = (key: string, value: string) => ({ key, value });
    const prod = label('env', 'prod');
    // Of each key the commonest 50 values are shown: there are 51 shards, of which one is used twice.
    const token = await WireManager.token(oc.client, { uses: 52 });
    const join = (n: number) => {
      const labels = [
        n < 2 ? prod : label('env', 'test'),
        label('shard', `s${Math.max(n, 1)}`),
        ...(n === 0 ? [label('region', 'eu')] : []),
      ];
      return WireManager.join(oc.client, `l${n}`, `l${n}-m1`, 'labelled', labels, token);
    };
    const joined = await Promise.all(Array.from({ length: 52 }, (_, n) => join(n)));
    const facets = async (filter: object) => {
      const { system } = await oc.client.data(
        `query ($filter: ClusterFilter) {
          system { clusterFacets(filter: $filter) { kinds { count } labels { key values { value count } } } }
        }`,
        { filter },
      );
      return system.clusterFacets;
    };
    const { labels } = await facets({ kind: ['labelled'] });
    expect(labels.map(({ key }: { key: string }) => key)).toEqual(['env', 'shard', 'region']);
    expect(labels[0].values).toEqual([
      { value: 'test', count: 50 },
      { value: 'prod', count: 2 },
    ]);
    expect(labels[1].values).toHaveLength(50);
    expect(labels[1].values[0]).toEqual({ value: 's1', count: 2 });

    expect(await facets({ kind: ['labelled'], labels: [prod, label('region', 'eu')] })).toEqual({
      kinds: [{ count: 1 }],
      labels: [
        { key: 'env', values: [{ value: 'prod', count: 1 }] },
        { key: 'region', values: [{ value: 'eu', count: 1 }] },
        { key: 'shard', values: [{ value: 's1', count: 1 }] },
      ],
    });
    expect((await facets({ kind: ['redis'] })).labels).toEqual([]);
    // Whatever the part of the filter: they are of the clusters that are listed by it.
    const ids = [0, 1, 7].map((n) => joined[n]!.clusterId);
    for (const filter of [
      { search: 'L1' },
      { search: 'shard-2' },
      { ids, status: ['EMPTY'] },
      { status: [] },
      { ids },
      { ids, kind: ['labelled'], labels: [prod], search: 'l', status: ['EMPTY'] },
    ]) {
      const { clusters } = await oc.client.data(
        'query ($filter: ClusterFilter) { clusters(filter: $filter, first: 500) { edges { node { labels { key } } } } }',
        { filter },
      );
      const listed = clusters.edges.flatMap(({ node }: { node: { labels: object[] } }) => node.labels);
      const counted = (await facets(filter)).labels.flatMap(({ values }: { values: object[] }) => values);
      const sum = counted.reduce((all: number, { count }: { count: number }) => all + count, 0);
      expect(sum, JSON.stringify(filter)).toBe(listed.length);
    }
    const { clusters } = await oc.client.data(
      '{ clusters(filter: { labels: [{ key: "region", value: "eu" }] }) { edges { node { labels { key value } } } } }',
    );
    expect(clusters.edges).toEqual([
      { node: { labels: [prod, label('region', 'eu'), label('shard', 's1')] } },
    ]);
  });
});
