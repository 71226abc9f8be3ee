import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Subscription } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const REPORT = 'mutation ($input: ReportMetricsInput!) { reportMetrics(input: $input) { applied } }';
const FOLLOW = `subscription ($clusterId: ID, $nodeIds: [ID!]) {
  metricsReported(clusterId: $clusterId, nodeIds: $nodeIds) { nodes { nodeId metrics { name value at } } }
}`;
const READ = `query ($id: ID!) {
  cluster(id: $id) { nodes { edges { node { id name metrics { name value at } } } } }
}`;

interface Told {
  nodeId: string;
  metrics: { name: string; value: number; at: string }[];
}
const second = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString();
const cpu = (node: string, value: number, at = second(value)) => ({
  name: node,
  samples: [{ name: 'cpu.user', value, at }],
});

describe('metrics', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 120 });
  });
  afterAll(() => oc.stop());

  const report = (manager: WireManager, nodes: object[], epoch = manager.epoch) =>
    manager.client.send(REPORT, { input: { epoch, nodes } });
  const applied = async (manager: WireManager, nodes: object[]): Promise<number> => {
    const { data, errors } = await report(manager, nodes);
    if (errors) throw new Error(JSON.stringify(errors));
    return data.reportMetrics.applied;
  };
  const cluster = async (name: string, ...nodes: string[]) => {
    const manager = await WireManager.join(oc.client, name);
    await manager.snapshot(running(...nodes));
    return manager;
  };
  const nodesOf = async ({ clusterId }: WireManager) => {
    const { cluster: read } = await oc.client.data(READ, { id: clusterId });
    return new Map<string, Told & { id: string }>(
      read.nodes.edges.map(({ node }: { node: { name: string } }) => [node.name, node]),
    );
  };
  const valuesIn = ({ events }: Subscription) =>
    events
      .flatMap(({ nodes }: { nodes: Told[] }) => nodes)
      .flatMap(({ metrics }) => metrics.map(({ value }) => value));

  it('are kept as they were last, whatever comes late or twice', async () => {
    const manager = await cluster('latest', 'a', 'b');
    expect(await applied(manager, [cpu('a', 5), cpu('b', 1)])).toBe(2);
    expect(await applied(manager, [cpu('a', 3), cpu('b', 1)]), 'late, and twice').toBe(0);
    expect(await applied(manager, [cpu('a', 6), cpu('a', 7), cpu('a', 4)]), 'three of one in a report').toBe(
      1,
    );
    const twice = [...cpu('b', 2).samples, ...cpu('b', 3, second(2)).samples];
    expect(await applied(manager, [{ name: 'b', samples: twice }]), 'two of one time in a report').toBe(1);
    expect(
      await applied(manager, [{ name: 'a', samples: [{ name: 'mem', value: -1.5, at: second(0) }] }]),
    ).toBe(1);
    const nodes = await nodesOf(manager);
    expect(nodes.get('a')!.metrics).toEqual([
      { name: 'cpu.user', value: 7, at: second(7) },
      { name: 'mem', value: -1.5, at: second(0) },
    ]);
    expect(nodes.get('b')!.metrics).toEqual([{ name: 'cpu.user', value: 3, at: second(2) }]);
  });

  it('of one node are 200 at the most: a name too many is left out, and those that there are go on', async () => {
    const manager = await cluster('inventive', 'a', 'b');
    const named = (from: number, to: number, at: number) => ({
      name: 'a',
      samples: Array.from({ length: to - from }, (_, n) => ({
        name: `m${from + n}`,
        value: at,
        at: second(at),
      })),
    });
    expect(await applied(manager, [named(0, 100, 1), named(100, 150, 1)])).toBe(150);
    expect(await applied(manager, [named(100, 200, 2), named(200, 260, 2), cpu('b', 1)])).toBe(100 + 1);
    expect(await applied(manager, [named(300, 400, 3), named(0, 100, 3)])).toBe(100);
    expect((await nodesOf(manager)).get('a')!.metrics).toHaveLength(200);
  });

  it('of a clock that is ahead count as of when they came, and those of a later epoch replace them', async () => {
    const manager = await cluster('skewed', 'a');
    const future = '2999-01-01T00:00:00.000Z';
    expect(await applied(manager, [cpu('a', 1, future)])).toBe(1);
    const [metric] = (await nodesOf(manager)).get('a')!.metrics;
    expect(new Date(metric!.at).getTime()).toBeLessThan(new Date(future).getTime());
    expect(await applied(manager, [cpu('a', 2, future)])).toBe(1);
    await manager.leave();
    manager.epoch = (await manager.renew()).epoch;
    expect(await applied(manager, [cpu('a', 3, second(0))]), 'by a clock that is years behind').toBe(1);
    expect((await nodesOf(manager)).get('a')!.metrics[0]).toMatchObject({ value: 3 });
  });

  it('are refused whole, with the field, where something is wrong', async () => {
    const manager = await cluster('strict', 'a', 'gone');
    await manager.delta([], [{ name: 'gone' }]);
    const fault = async (nodes: object[], epoch?: number) =>
      (await report(manager, nodes, epoch)).errors?.[0]?.extensions;
    expect(await fault([cpu('a', 1), cpu('nobody', 1)])).toMatchObject({
      code: 'INVALID',
      field: 'input.nodes.1.name',
    });
    for (const nobody of [{ name: 'nobody', samples: [] }, { name: 'gone', samples: [] }, cpu('gone', 1)]) {
      expect(await fault([cpu('a', 1), nobody])).toMatchObject({
        code: 'INVALID',
        field: 'input.nodes.1.name',
      });
    }
    expect(await fault([{ name: 'a', samples: [{ name: '1 bad', value: 1, at: second(1) }] }])).toMatchObject(
      {
        code: 'INVALID',
        field: 'input.nodes.0.samples.0.name',
      },
    );
    const endless = await manager.client.send(
      `mutation ($epoch: Int!) { reportMetrics(input: { epoch: $epoch, nodes: [
        { name: "a", samples: [{ name: "cpu", value: 1e400, at: "2026-01-01T00:00:00Z" }] }
      ] }) { applied } }`,
      { epoch: manager.epoch },
    );
    expect(endless.errors?.[0]?.extensions).toMatchObject({
      code: 'INVALID',
      field: 'input.nodes.0.samples.0.value',
    });
    expect(await fault([cpu('a', 1)], manager.epoch + 1)).toMatchObject({
      code: 'CONFLICT',
      field: 'input.epoch',
    });
    expect(
      (await oc.client.send(REPORT, { input: { epoch: 1, nodes: [] } })).errors?.[0]?.extensions.code,
    ).toBe('FORBIDDEN');
    expect((await nodesOf(manager)).get('a')!.metrics).toEqual([]);
    const nowhere = oc.client.subscribe(FOLLOW);
    await until('a refusal', () => nowhere.errors[0]);
    expect(nowhere.errors[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'clusterId' });
  });

  it('are told live: the newest first, then what is new, of those nodes only', async () => {
    const manager = await cluster('followed', 'a', 'b');
    const other = await cluster('elsewhere', 'a');
    await applied(manager, [cpu('a', 1), cpu('b', 2)]);
    const nodes = await nodesOf(manager);
    const whole = oc.client.subscribe(FOLLOW, { clusterId: manager.clusterId });
    const one = oc.client.subscribe(FOLLOW, { nodeIds: [nodes.get('b')!.id] });
    await until('both have begun', () => whole.events.length > 0 && one.events.length > 0);
    expect([valuesIn(whole).sort(), valuesIn(one)]).toEqual([[1, 2], [2]]);
    await applied(other, [cpu('a', 50)]);
    await applied(manager, [cpu('a', 3)]);
    await until('the new one', () => valuesIn(whole).includes(3));
    await applied(manager, [cpu('b', 4)]);
    await until('the new one', () => valuesIn(one).includes(4));
    expect([...new Set(valuesIn(one))]).toEqual([2, 4]);
    expect(valuesIn(whole)).not.toContain(50);
    await until('a sign of life', () => one.events.some(({ nodes: told }) => told.length === 0));
    whole.close();
    one.close();
  });

  it('and who did not listen for a while is told the newest only', async () => {
    const names = Array.from({ length: 50 }, (_, n) => `node-${n}`);
    const manager = await cluster('heavy', ...names);
    const round = (value: number) =>
      names.map((name) => ({
        name,
        samples: Array.from({ length: 25 }, (_, n) => ({ name: `m${n}`, value, at: second(value) })),
      }));
    // Megabytes a message: what lies between two sockets is full after a few.
    const often = Array.from({ length: 30 }, (_, n) => `all${n}: metrics { name value at }`).join(' ');
    const query = `subscription ($clusterId: ID) { metricsReported(clusterId: $clusterId) { nodes { ${often} } } }`;
    const stop = new AbortController();
    const stream = await fetch(`${oc.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query, variables: { clusterId: manager.clusterId } }),
      signal: stop.signal,
    });
    const stalled = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const read = async (sign: string) => {
      while (!text.includes(sign)) {
        const { done, value } = await stalled.read();
        if (done) throw new Error(`It ended: ${text}`);
        text += value;
      }
    };
    await read('metricsReported');
    const healthy = oc.client.subscribe(FOLLOW, { clusterId: manager.clusterId });
    await until('it has begun', () => healthy.events.length > 0);
    const ROUNDS = 12;
    for (let n = 1; n <= ROUNDS; n++) {
      await applied(manager, round(n));
      await until(`round ${n} is told to who listens`, () => valuesIn(healthy).includes(n));
    }
    await read(`"value":${ROUNDS},`);
    const seen = [...text.matchAll(/"value":(\d+),/g)].map(([, value]) => Number(value));
    expect(seen).toEqual([...seen].sort((x, y) => x - y));
    expect(new Set(seen).size, 'those in between were never told').toBeLessThan(ROUNDS - 3);
    stop.abort();
    healthy.close();
  });
});
