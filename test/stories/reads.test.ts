import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

/** All that is the same as long as the log is. */
const LOGGED = `
  revision status statusReason clusterCounts { status count } nodeCounts { status count }
  clusters { edges { node {
    name status statusReason statusSince controlLink epoch nodeTotal lastKnownNodeCounts { status count }
    managers { edges { node { name role status registeredAt } } }
    nodes { edges { node { name status statusReason statusSince reportedAt restarts } } }
    history(first: 3) { totalCount edges { node { revision summary } } }
  } } }`;
const COMMANDS = `operations(first: 3) { edges { node { status statusReason stepCounts { status count } commands(first: 3) { edges { node {
  status statusReason startedAt finishedAt abortRequested steps { edges { node { status reason startedAt finishedAt } } }
} } } } } }`;

describe('reads', () => {
  let oc: Oc;
  let shop: WireManager;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 120 });
    shop = await WireManager.join(oc.client, 'shop');
    await shop.snapshot(running('web-1', 'web-2'));
  });
  afterAll(() => oc.stop());

  it('show each acknowledged change at once, while others read the same', async () => {
    const query = 'query ($id: ID!) { cluster(id: $id) { nodes { edges { node { name restarts } } } } }';
    const read = async (): Promise<number> => {
      const { cluster } = await oc.client.data(query, { id: shop.clusterId });
      return cluster.nodes.edges[0].node.restarts;
    };
    let acknowledged = 0;
    let over = false;
    const readers = Array.from({ length: 4 }, async () => {
      let reads = 0;
      for (; !over; reads++) {
        const least = acknowledged;
        expect(await read()).toBeGreaterThanOrEqual(least);
      }
      return reads;
    });
    for (let restarts = 1; restarts <= 80; restarts++) {
      await shop.delta([{ name: 'web-1', status: 'RUNNING', restarts }]);
      acknowledged = restarts;
      expect(await read()).toBe(restarts);
    }
    over = true;
    expect(Math.min(...(await Promise.all(readers)))).toBeGreaterThan(0);
  });

  it('tell the same, whether the answer was kept or made anew', async () => {
    const start = `mutation ($ids: [ID!]!) { startOperation(input: {
      plan: { kind: RESTART, mode: FORCED, targets: { clusterIds: $ids } }, reason: "r", idempotencyKey: "same"
    }) { id } }`;
    const commands = shop.commands();
    const report = (input: object) =>
      shop.reportCommand({
        commandId: commands.events[0].id,
        steps: [{ nodeName: 'web-1', status: 'FAILED', reason: 'no' }],
        ...input,
      });
    const life: (() => Promise<unknown>)[] = [
      () => shop.renew(),
      () => shop.delta([{ name: 'web-2', status: 'DOWN', statusReason: 'why' }]),
      () => shop.delta([{ name: 'web-2', status: 'DOWN', statusReason: 'why' }]),
      () => shop.snapshot(running('web-1', 'web-2')),
      () => WireManager.join(oc.client, 'shop', 'shop-m2'),
      async () => {
        await oc.client.data(start, { ids: [shop.clusterId] });
        await until('the command is delivered', () => commands.events[0]);
      },
      () => report({ sequence: 1, status: 'ACCEPTED' }),
      () => report({ sequence: 2, status: 'RUNNING' }),
      () => report({ sequence: 3, status: 'RUNNING', statusReason: 'slow' }),
      () => report({ sequence: 4, status: 'RUNNING', statusReason: 'slow' }),
      () => report({ sequence: 5, status: 'FAILED' }),
      () => shop.renew(),
    ];
    for (const happens of life) {
      await oc.client.data(`{ system { ${LOGGED} } ${COMMANDS} }`);
      await happens();
      // The runner may write in between; what is stale stays so.
      await until(`the same as kept: ${String(happens)}`, async () => {
        const kept = await oc.client.data(`{ system { ${LOGGED} } ${COMMANDS} }`);
        const fresh = await oc.client.data(`{ system { serverTime ${LOGGED} } ${COMMANDS} }`);
        delete fresh.system.serverTime;
        expect(kept).toEqual(fresh);
        return true;
      });
    }
    commands.close();
    // The runner has the last word, and those who come after find that nothing moves any more.
    await until('the operation has ended', async () => {
      const { operations } = await oc.client.data('{ operations(first: 1) { edges { node { status } } } }');
      return operations.edges[0].node.status === 'FAILED';
    });
  });

  it('show a heartbeat, which is no event, and the time', async () => {
    const query = `{ system { revision serverTime } clusters { edges { node {
      lastHeardAt leaseExpiresAt primary { lastSeenAt leaseExpiresAt } } } } }`;
    const before = await oc.client.data(query);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await shop.renew();
    const after = await oc.client.data(query);
    expect(after.system.revision).toBe(before.system.revision);
    expect(after.system.serverTime).not.toBe(before.system.serverTime);
    const [was, is] = [before, after].map(({ clusters }) => clusters.edges[0].node);
    expect(is.lastHeardAt > was.lastHeardAt).toBe(true);
    expect(is.leaseExpiresAt > was.leaseExpiresAt).toBe(true);
    expect(is.primary.lastSeenAt > was.primary.lastSeenAt).toBe(true);
    expect(is.primary.leaseExpiresAt > was.primary.leaseExpiresAt).toBe(true);
  });

  it('answer each principal for itself', async () => {
    const other = await WireManager.join(oc.client, 'search');
    const query = 'query ($id: ID!) { cluster(id: $id) { name } }';
    const ask = async (client = oc.client) => {
      const { data, errors } = await client.send(query, { id: shop.clusterId });
      return errors ? errors[0]?.extensions.code : data.cluster && data.cluster.name;
    };
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all([ask(), ask(shop.client), ask(other.client), ask(oc.client.as('x'))]);
      expect(answers).toEqual(['shop', 'shop', null, 'UNAUTHENTICATED']);
    }
  });

  it('answer by GET and POST in the form that is asked for', async () => {
    const query = '{ clusters(filter: { search: "shop" }) { edges { node { name } } } }';
    const data = { clusters: { edges: [{ node: { name: 'shop' } }] } };
    const types = ['application/json', 'application/graphql-response+json'];
    for (const accept of [...types, ...types]) {
      const body = JSON.stringify({ query });
      const headers = { accept, 'content-type': 'application/json' };
      for (const response of [
        await fetch(`${oc.url}/graphql`, { method: 'POST', headers, body }),
        await fetch(`${oc.url}/graphql?query=${encodeURIComponent(query)}`, { headers: { accept } }),
      ]) {
        expect(response.headers.get('content-type')).toMatch(accept);
        expect(response.headers.get('x-content-type-options')).toBe('nosniff');
        expect(await response.json()).toEqual({ data });
      }
    }
  });

  it('do not remember an error, nor run a mutation once for two', async () => {
    const tokens = await Promise.all([WireManager.token(oc.client), WireManager.token(oc.client)]);
    expect(tokens[0]).not.toBe(tokens[1]);
    const query = `query ($ids: [ID!]!) { planOperation(input: {
      kind: RESTART, targets: { nodeIds: $ids } }) { nodeCount } }`;
    const missing = await oc.client.fault(query, { ids: ['nix'] });
    const again = await oc.client.fault(query, { ids: ['nix'] });
    expect([missing.extensions.code, again.extensions.code]).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    expect((await oc.client.fault('{ nope }')).extensions.code).toBe('INVALID');
  });
});
