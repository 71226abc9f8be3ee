import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { START } from '../harness/operator.ts';
import { apiKey, firstAdministrator, person } from '../harness/people.ts';
import { ROWS } from '../harness/rows.ts';
import { WireManager, running } from '../harness/wire-manager.ts';
import { LISTS, type List, type Owner } from './lists.ts';

interface Page {
  totalCount: number;
  edges: { cursor: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

const IN_AN_HOUR = new Date(Date.now() + 3_600_000).toISOString();
const IN_TWO_HOURS = new Date(Date.now() + 7_200_000).toISOString();
const NAMES = ['secret', 'shop-1', 'shop-2', 'shop-3', 'shop-4'];
const REASON = 'to be listed';

/** Of each time and each name several, so that the order has to be made whole by something else. */
const POLICIES = `mutation ($clusters: ClusterChoiceInput, $name: String!, $from: DateTime!, $until: DateTime!, $reason: String!) {
  createFreeze(input: { clusters: $clusters, from: $from, until: $until, reason: $reason }) { id }
  createMaintenanceWindow(input: {
    clusters: $clusters, name: "night", schedule: "0 0 * * *", timeZone: "UTC", durationSeconds: 60, reason: $reason
  }) { id }
  createApprovalRule(input: { clusters: $clusters, reason: $reason }) { id }
  createSavedStrategy(input: { name: $name }) { id }
  createSavedSelection(input: { name: $name, clusters: $clusters }) { id }
  createPerson(input: { name: $name, grants: [] }) { token }
}`;

/** The page that is somewhere in an answer under the name `list`. */
function pageIn(data: unknown): Page {
  const parts = Object.entries(data as Record<string, unknown>);
  const found = parts.find(([name]) => name === 'list')?.[1] as Page | undefined;
  return found ?? pageIn(parts.map(([, part]) => part).find((part) => part && typeof part === 'object'));
}

const inside = (cursor: string): string => Buffer.from(cursor, 'base64url').toString();

describe('every list', () => {
  let oc: Oc;
  let administrator: Client;
  /** Sees the cluster shop-1 alone. */
  let scoped: Client;
  let shop: Owner;
  let secret: Owner;

  const pageAs = async (client: Client, list: List, of: Owner, args: string) =>
    pageIn(await client.data(list.page(of, args)));

  /** Starts an operation of the clusters that begins long after the test, and answers what it has to do with the first. */
  async function ownerOf(managers: WireManager[], nodes: string[]): Promise<Owner> {
    const clusterIds = managers.map(({ clusterId }) => clusterId);
    const { startOperation } = await administrator.data(START, {
      input: {
        plan: { kind: 'RESTART', targets: { clusterIds } },
        startsAt: IN_AN_HOUR,
        reason: REASON,
        idempotencyKey: randomUUID(),
      },
    });
    await administrator.data('mutation ($id: ID!) { pauseOperation(input: { operationId: $id }) { id } }', {
      id: startOperation.id,
    });
    const { cluster, operation } = await administrator.data(
      `query ($c: ID!, $o: ID!) {
        cluster(id: $c) { nodes(filter: { includeLeft: true }) { edges { node { id name } } } }
        operation(id: $o) { commands { edges { node { id cluster { id } } } } }
      }`,
      { c: clusterIds[0], o: startOperation.id },
    );
    const rows = cluster.nodes.edges.map(({ node }: { node: object }) => node) as {
      id: string;
      name: string;
    }[];
    const commands = operation.commands.edges as { node: { id: string; cluster: { id: string } } }[];
    return {
      cluster: clusterIds[0]!,
      node: rows.find(({ name }) => name === nodes[0])!.id,
      operation: startOperation.id,
      command: commands.find(({ node }) => node.cluster.id === clusterIds[0])!.node.id,
      targets: `{ nodeIds: ${JSON.stringify(rows.map(({ id }) => id))}, clusterIds: ${JSON.stringify(clusterIds.slice(1))} }`,
    };
  }

  beforeAll(async () => {
    oc = await Oc.start({ auth: true, leaseSeconds: 300 });
    administrator = await firstAdministrator(oc);
    const managers: Record<string, WireManager> = {};
    for (const name of NAMES) {
      const manager = await WireManager.join(administrator, name);
      for (const standby of ['m2', 'm3']) await WireManager.join(administrator, name, `${name}-${standby}`);
      const nodes = [1, 2, 3, 4, 5].map((n) => `${name}-${n}`);
      await manager.snapshot(running(...nodes, `${name}-6`, `${name}-7`));
      await manager.delta(
        [{ name: nodes[0], status: 'STOPPED' }],
        [6, 7].map((n) => ({ name: `${name}-${n}` })),
      );
      managers[name] = manager;
      await administrator.data(
        'mutation ($input: PlanOfflineInput!) { planOffline(input: $input) { reason } }',
        { input: { target: { clusterId: manager.clusterId }, reason: REASON, returnsAt: IN_TWO_HOURS } },
      );
    }
    const of = (name: string) => managers[name]!;
    secret = await ownerOf([of('secret'), of('shop-2')], ['secret-1']);
    shop = await ownerOf([of('shop-1'), of('shop-2'), of('shop-3'), of('shop-4')], ['shop-1-1']);
    for (const name of ['shop-2', 'shop-3', 'shop-4']) await ownerOf([of(name)], [`${name}-1`]);
    for (const name of NAMES) {
      const clusters = { names: [name] };
      const times = { from: IN_AN_HOUR, until: IN_TWO_HOURS };
      await administrator.data(POLICIES, { clusters, name, ...times, reason: REASON });
      await apiKey(administrator, []);
    }
    scoped = (await person(administrator, 'Scoped', [{ role: 'OPERATOR', clusters: { names: ['shop-1'] } }]))
      .browser;
  });
  afterAll(() => oc.stop());

  it.each(LISTS)('is read forward and backward without gap or overlap: $name', async (list) => {
    const { totalCount, edges } = await pageAs(administrator, list, shop, 'first: 500');
    const all = edges.map(({ cursor }) => cursor);
    expect(all.length).toBeGreaterThan(1);
    expect(all).toHaveLength(totalCount);
    expect(new Set(all).size).toBe(all.length);
    const size = all.length > 3 ? 2 : 1;
    const forward: string[] = [];
    for (let place = '', more = true; more;) {
      const page = await pageAs(administrator, list, shop, `first: ${size} ${place}`);
      expect(page.totalCount).toBe(totalCount);
      forward.push(...page.edges.map(({ cursor }) => cursor));
      place = `after: "${page.pageInfo.endCursor}"`;
      more = page.pageInfo.hasNextPage;
    }
    expect(forward).toEqual(all);
    const backward: string[] = [];
    for (let place = '', more = true; more;) {
      const page = await pageAs(administrator, list, shop, `last: ${size} ${place}`);
      backward.unshift(...page.edges.map(({ cursor }) => cursor));
      place = `before: "${page.pageInfo.startCursor}"`;
      more = page.pageInfo.hasPreviousPage;
    }
    expect(backward).toEqual(all);
    // Histories and the audit log are read from one side at a time, and say so.
    if (inside(all[0]!).startsWith('GPC:I:')) return;
    const [start, end] = [all[0], all.at(-1)];
    const between = await pageAs(administrator, list, shop, `first: 500 after: "${start}" before: "${end}"`);
    expect(between.edges.map(({ cursor }) => cursor)).toEqual(all.slice(1, -1));
  });

  it.each(LISTS)('refuses a cursor that it has not given out, whatever is in it: $name', async (list) => {
    for (const text of [
      ...['', 'garbage', '[]', '{"0":"a"}', '["\\u0000"]', '[null,null,null]', '[1,2,3,4,5]'],
      ...[secret.cluster, secret.operation, 'none'].map((id) => `GPC:S:${id}`),
    ]) {
      for (const field of ['after', 'before']) {
        const cursor = Buffer.from(text).toString('base64url');
        const { extensions, message } = await administrator.fault(list.page(shop, `${field}: "${cursor}"`));
        expect({ code: extensions.code, field: extensions.field }, text).toEqual({ code: 'INVALID', field });
        expect(message, text).toContain('is no cursor that was given out here');
      }
    }
  });

  /** Those whose rows somebody sees and somebody else does not, and whose cursors tell one from the other. */
  const OF_SOME = [
    ...['Cluster.managers', 'Cluster.nodes', 'Operation.commands', 'System.clusters', 'System.nodes'],
    ...['approvalRules', 'clusters', 'freezes', 'maintenanceWindows', 'operations', 'plannedOffline'].map(
      (field) => `Query.${field}`,
    ),
  ];

  it('begins behind what is not seen as at a place where nothing is', async () => {
    const compared = new Set<string>();
    // A dry run is of what the asker names, and has no cursors but places in it.
    const lists = LISTS.filter(({ root }) => root !== 'planOperation');
    for (const list of lists.filter(({ root }) => ROWS[`Query.${root}`]!.who.includes('scoped'))) {
      const cursorsOf = async (client: Client, of: Owner) =>
        (await pageAs(client, list, of, 'first: 500')).edges.map(({ cursor }) => cursor);
      const own = new Set(await cursorsOf(scoped, shop));
      const unseen = (await cursorsOf(administrator, secret)).filter((cursor) => !own.has(cursor));
      for (const cursor of unseen) {
        const text = inside(cursor);
        // Its place in the log: every place there has been taken by something.
        if (/^GPC:I:\d+$/.test(text)) continue;
        const values = JSON.parse(text) as (string | number)[];
        // Just behind it there is nothing.
        values.push(`${values.pop()}!`);
        const beside = Buffer.from(JSON.stringify(values)).toString('base64url');
        for (const [size, place] of [
          ['first', 'after'],
          ['last', 'before'],
        ]) {
          const from = async (at: string) => {
            const page = await pageAs(scoped, list, shop, `${size}: 3 ${place}: "${at}"`);
            // An empty page names the cursor that it was asked with.
            return JSON.stringify(page).replaceAll(at, 'asked');
          };
          expect(await from(cursor), list.name).toBe(await from(beside));
        }
        compared.add(list.name.split(' ')[0]!);
      }
    }
    expect([...compared].sort()).toEqual(OF_SOME.sort());
  });
});
