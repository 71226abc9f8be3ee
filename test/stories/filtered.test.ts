import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Subscription } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const FOLLOW = `subscription ($filter: ClusterFilter!, $since: Revision) {
  topologyChanged(filter: $filter, since: $since) {
    __typename
    ... on TopologySnapshot { revision system { clusters(filter: $filter) { edges { node { ...Seen } } } } }
    ... on TopologyDelta { revision outsideClusterIds clusters { ...Seen } nodes { name } }
    ... on Bookmark { revision }
  }
}
fragment Seen on Cluster { id name status labels { key value } cells { name status } }`;
const READ = `query ($filter: ClusterFilter!) {
  system { revision }
  clusters(filter: $filter) { edges { node { id name status labels { key value } cells { name status } } } }
}`;

interface Seen {
  id: string;
  name: string;
}
const byName = (clusters: Seen[]) => [...clusters].sort((a, b) => (a.name < b.name ? -1 : 1));

/** What a follower has put together from its messages. */
function follow({ events }: Subscription): Seen[] {
  const clusters = new Map<string, Seen>();
  for (const event of events) {
    if (event.__typename === 'TopologySnapshot') {
      clusters.clear();
      for (const { node } of event.system.clusters.edges) clusters.set(node.id, node);
    }
    for (const cluster of event.clusters ?? []) clusters.set(cluster.id, cluster);
    for (const id of event.outsideClusterIds ?? []) clusters.delete(id);
  }
  return byName([...clusters.values()]);
}

describe('what changes is told of the clusters that pass a filter', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 120 });
  });
  afterAll(() => oc.stop());

  const label = (value: string) => [{ key: 'env', value }];
  const FILTERS = [
    { labels: label('prod') },
    { labels: [...label('prod'), { key: 'team', value: 'a' }] },
    { status: ['DEGRADED', 'DOWN'] },
    { search: 'needle' },
  ];

  /** The manager is started again, and its cluster has other labels now. */
  const relabel = async (manager: WireManager, name: string, labels: object[]) => {
    const { data } = await WireManager.register(oc.client, {
      credential: manager.client.credential,
      cluster: { name, kind: 'process', labels },
      manager: { name: `${name}-m1`, version: '1' },
    });
    manager.epoch = data.registerManager.lease.epoch;
    manager.sequence = 0;
  };

  it('and put together it is what the filter finds, whatever enters and leaves', async () => {
    const names = ['one', 'two', 'three', 'four', 'five'];
    const managers = await Promise.all(
      names.map((name, n) =>
        WireManager.join(oc.client, name, undefined, undefined, label(n % 2 ? 'prod' : 'test')),
      ),
    );
    const followers = FILTERS.map((filter) => ({ filter, live: oc.client.subscribe(FOLLOW, { filter }) }));
    await until('all have begun', () => followers.every(({ live }) => live.events.length > 0));

    // Pseudo-random, and the same each time.
    let seed = 7;
    const pick = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
    const resumed: typeof followers = [];
    for (let step = 0; step < 60; step++) {
      const n = pick(names.length);
      const manager = managers[n]!;
      if (pick(3) === 0) {
        const team = pick(2) ? [{ key: 'team', value: pick(2) ? 'a' : 'b' }] : [];
        await relabel(manager, names[n]!, [...label(pick(2) ? 'prod' : 'test'), ...team]);
      }
      const status = pick(3) ? 'RUNNING' : 'DOWN';
      const nodes = [{ name: 'a', status }, ...running('b'), ...(pick(3) ? [] : running('needle'))];
      await manager.snapshot(nodes);
      if (step === 30) {
        for (const { filter, live } of followers) {
          const since = live.events.at(-1).revision;
          const next = oc.client.subscribe(FOLLOW, { filter, since });
          next.events.push(...live.events);
          resumed.push({ filter, live: next });
        }
      }
    }
    for (const { filter, live } of [...followers, ...resumed]) {
      const { clusters, system } = await oc.client.data(READ, { filter });
      const head = Number.parseInt(system.revision, 10);
      await until('it has been told all', () => Number.parseInt(live.events.at(-1).revision, 10) >= head);
      const found = byName(clusters.edges.map(({ node }: { node: Seen }) => node));
      expect(follow(live), JSON.stringify(filter)).toEqual(found);
      live.close();
    }
  });

  it('and nothing of those that do not', async () => {
    const inside = await WireManager.join(oc.client, 'in', undefined, undefined, label('mine'));
    const outside = await WireManager.join(oc.client, 'out', undefined, undefined, label('theirs'));
    const live = oc.client.subscribe(FOLLOW, { filter: { labels: label('mine') } });
    await until('it begins', () => live.events.length > 0);
    await outside.snapshot(running('theirs'));
    await inside.snapshot(running('ours'));
    const told = () => live.events.flatMap(({ nodes }) => nodes ?? []).map(({ name }) => name);
    await until('our node', () => told().includes('ours'));
    expect(told()).toEqual(['ours']);
    live.close();
  });
});
