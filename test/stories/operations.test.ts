import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLAN, START, operator, unpaged } from '../harness/operator.ts';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { running } from '../harness/wire-manager.ts';

describe('an operator acts', () => {
  let oc: Oc;
  beforeAll(async () => {
    // No manager here renews its lease: what is at stake is the work.
    oc = await Oc.start({ leaseSeconds: 300 });
  });
  afterAll(() => oc.stop());

  const { rolling, start, operation, ended, cluster } = operator(() => oc);

  it('after a look at the plan, which is what is done', async () => {
    const manager = await cluster('planned', 'web-1', 'web-2', 'web-10');
    await manager.delta([{ name: 'web-2', status: 'DOWN' }]);
    const input = rolling(manager, { rolling: { batchSize: { count: 3 }, maxUnavailable: { count: 2 } } });
    const { planOperation: plan } = await oc.client.data(PLAN, { input });
    expect(unpaged(plan.clusters)).toEqual([
      {
        cluster: { name: 'planned' },
        warnings: [
          'planned: 1 of 3 nodes is left meanwhile: no majority.',
          'planned: batches of 2, because no more may be unavailable at once.',
        ],
        excluded: [],
        batches: [
          {
            index: 0,
            nodes: [
              { name: 'web-2', status: 'DOWN' },
              { name: 'web-1', status: 'RUNNING' },
            ],
          },
          { index: 1, nodes: [{ name: 'web-10', status: 'RUNNING' }] },
        ],
      },
    ]);
    const commands = manager.commands();
    await start(input, { planDigest: plan.digest });
    await until('the command', () => commands.events.length > 0);
    expect(commands.events[0].allSteps).toMatchObject([
      { nodeName: 'web-2', batch: 0, status: 'PENDING' },
      { nodeName: 'web-1', batch: 0, status: 'PENDING' },
      { nodeName: 'web-10', batch: 1, status: 'PENDING' },
    ]);
    commands.close();
  });

  it('after a look at how long it took before', async () => {
    const manager = await cluster('timed', 'a', 'b');
    const input = { ...rolling(manager), rolling: { pauseSeconds: 5 } };
    const ESTIMATE = `query ($input: OperationInput!) {
      planOperation(input: $input) { digest estimate { seconds p90Seconds steps } }
    }`;
    const plan = async () => (await oc.client.data(ESTIMATE, { input })).planOperation;
    expect(await plan()).toMatchObject({ estimate: null });
    const id = await start(input);
    const { commands } = await operation(id);
    const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
    const step = (nodeName: string, from: number, to: number) => ({
      ...{ nodeName, status: 'SUCCEEDED', startedAt: at(from), finishedAt: at(to) },
    });
    await manager.reportCommand({
      commandId: unpaged(commands)[0].id,
      sequence: 1,
      status: 'SUCCEEDED',
      steps: [step('a', 0, 10), step('b', 15, 35)],
    });
    await ended(id);
    const after = await plan();
    // The median of 10 s and 20 s for each of two nodes, and the pause between them.
    expect(after.estimate).toEqual({ seconds: 35, p90Seconds: 43, steps: 2 });
    const again = await start(input, { planDigest: after.digest });
    const { operation: told } = await oc.client.data(
      'query ($id: ID!) { operation(id: $id) { estimate { seconds } } }',
      { id: again },
    );
    expect(told.estimate).toEqual({ seconds: 35 });
  });

  it('after a look at a long plan page by page, each with how many there are', async () => {
    const names = Array.from({ length: 120 }, (_, n) => `n-${n}`);
    const manager = await cluster('long', ...names, 'gone-1', 'gone-2');
    await manager.delta([], [{ name: 'gone-1' }, { name: 'gone-2' }]);
    const page = async (input: object, after?: string) => {
      const { planOperation } = await oc.client.data(
        `query ($input: OperationInput!, $after: String) {
          planOperation(input: $input) {
            digest
            clusters { totalCount edges { node {
              excluded(first: 1) { totalCount pageInfo { hasNextPage } edges { node { name reason } } }
              batches(after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node {
                index nodes(first: 3) { totalCount edges { node { nodeId name } } }
              } } }
            } } }
          }
        }`,
        { input, after },
      );
      return { digest: planOperation.digest, ...planOperation.clusters.edges[0].node };
    };
    const byTwo = rolling(manager, { rolling: { batchSize: { count: 2 }, maxUnavailable: { count: 2 } } });
    const first = await page(byTwo);
    expect(first.batches).toMatchObject({ totalCount: 60, pageInfo: { hasNextPage: true } });
    expect(unpaged(first.batches)).toHaveLength(50);
    expect(first.excluded.totalCount, 'who left is no part of the whole cluster').toBe(0);
    const second = await page(byTwo, first.batches.pageInfo.endCursor);
    expect(second.digest).toBe(first.digest);
    expect(unpaged(second.batches).map(({ index }: { index: number }) => index)).toEqual(
      Array.from({ length: 10 }, (_, n) => 50 + n),
    );
    expect(second.batches.pageInfo.hasNextPage).toBe(false);

    const atOnce = await page({ kind: 'RESTART', targets: { clusterIds: [manager.clusterId] } });
    const [batch] = atOnce.batches.edges;
    expect([batch.node.nodes.totalCount, batch.node.nodes.edges.length]).toEqual([120, 3]);

    const { cluster: all } = await oc.client.data(
      `query ($id: ID!) { cluster(id: $id) {
        nodes(filter: { includeLeft: true, search: "gone" }) { edges { node { id } } }
      } }`,
      { id: manager.clusterId },
    );
    const gone = unpaged(all.nodes).map(({ id }: { id: string }) => id);
    const named = await page(rolling(manager, { targets: { nodeIds: gone } }));
    expect(named.excluded).toEqual({
      totalCount: 2,
      pageInfo: { hasNextPage: true },
      edges: [{ node: { name: 'gone-1', reason: 'It has left the cluster.' } }],
    });

    const id = await start(byTwo, { planDigest: first.digest });
    const { stepCounts, commands } = await operation(id);
    expect(stepCounts).toEqual([{ status: 'PENDING', count: 120 }]);
    const { command } = await oc.client.data(
      `query ($id: ID!) { command(id: $id) {
        first: steps(first: 100) { totalCount pageInfo { hasNextPage } }
        last: steps(last: 2) { edges { node { nodeName batch } } }
      } }`,
      { id: commands.edges[0].node.id },
    );
    expect(command.first).toEqual({ totalCount: 120, pageInfo: { hasNextPage: true } });
    expect(unpaged(command.last)).toEqual([
      { nodeName: 'n-118', batch: 59 },
      { nodeName: 'n-119', batch: 59 },
    ]);
    const ALL_STEPS = 'query ($id: ID!) { command(id: $id) { allSteps { nodeName } } }';
    const unasked = await oc.client.fault(ALL_STEPS, { id: commands.edges[0].node.id });
    expect(unasked.extensions.code, 'what has no pages is for its manager').toBe('FORBIDDEN');
    const own = await manager.client.data(ALL_STEPS, { id: commands.edges[0].node.id });
    expect(own.command.allSteps).toHaveLength(120);
    const wrong = await oc.client.fault(
      `query ($input: OperationInput!) { planOperation(input: $input) { clusters(first: -1) { totalCount } } }`,
      { input: byTwo },
    );
    expect(wrong.extensions.code).toBe('INVALID');
  });

  it('never on nothing, on what does not exist, or with numbers that make no sense', async () => {
    const manager = await cluster('careful', 'a');
    const cases: [object, string, string][] = [
      [rolling(manager, { targets: {} }), 'INVALID', 'input.targets'],
      [rolling(manager, { targets: { clusterIds: [], nodeIds: [] } }), 'INVALID', 'input.targets'],
      [
        rolling(manager, { targets: { clusterIds: [manager.clusterId, 'nix'] } }),
        'NOT_FOUND',
        'input.targets.clusterIds.1',
      ],
      [rolling(manager, { targets: { nodeIds: ['nix'] } }), 'NOT_FOUND', 'input.targets.nodeIds.0'],
      [rolling(manager, { rolling: { batchSize: { count: 0 } } }), 'INVALID', 'input.rolling.batchSize'],
      [
        rolling(manager, { rolling: { maxUnavailable: { count: 1e6 } } }),
        'INVALID',
        'input.rolling.maxUnavailable.count',
      ],
      [
        rolling(manager, { rolling: { batchSize: { count: 1, percent: 1 } } }),
        'INVALID',
        'input.rolling.batchSize',
      ],
      [rolling(manager, { kind: 'SHUTDOWN', rolling: {} }), 'INVALID', 'input.rolling'],
      [rolling(manager, { expiresInSeconds: 1 }), 'INVALID', 'input.expiresInSeconds'],
    ];
    for (const [input, code, field] of cases) {
      const { extensions } = await oc.client.fault(PLAN, { input });
      expect(extensions, field).toMatchObject({ code, field });
    }
    const noReason = await oc.client.fault(START, {
      input: { plan: rolling(manager), reason: ' ', idempotencyKey: 'k' },
    });
    expect(noReason.extensions).toMatchObject({ code: 'INVALID', field: 'input.reason' });
    expect(
      (await oc.client.data('{ operations(filter: { search: " " }) { totalCount } }')).operations,
    ).toBeDefined();
  });

  it('never by a plan that is out of date', async () => {
    const manager = await cluster('moving', 'a', 'b');
    const { planOperation } = await oc.client.data(PLAN, { input: rolling(manager) });
    await manager.delta(running('c'));
    const fault = await oc.client.fault(START, {
      input: {
        plan: rolling(manager),
        planDigest: planOperation.digest,
        reason: 'r',
        idempotencyKey: randomUUID(),
      },
    });
    expect(fault.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.planDigest' });
    const now = await oc.client.data(PLAN, { input: rolling(manager) });
    expect(fault.extensions['digest']).toBe(now.planOperation.digest);
    expect(fault.extensions['differences']).toEqual(['With other nodes, batches or limits: moving.']);
  });

  it('once for each key, however often it is sent', async () => {
    const manager = await cluster('once', 'a', 'b');
    const input = { plan: rolling(manager), reason: 'once', idempotencyKey: randomUUID() };
    const ids = await Promise.all(
      Array.from({ length: 50 }, async () => (await oc.client.data(START, { input })).startOperation.id),
    );
    expect(new Set(ids).size).toBe(1);
    const { operations } = await oc.client.data(
      'query ($id: ID!) { operations(filter: { clusterId: $id }) { totalCount } }',
      {
        id: manager.clusterId,
      },
    );
    expect(operations.totalCount).toBe(1);
    for (const another of [{ reason: 'something else' }, { planDigest: 'of a plan that was looked at' }]) {
      const fault = await oc.client.fault(START, { input: { ...input, ...another } });
      expect(fault.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.idempotencyKey' });
    }
  });

  it('and follows each step to the end', async () => {
    const manager = await cluster('followed', 'a', 'b');
    const id = await start(rolling(manager));
    const live = oc.client.subscribe(
      `subscription ($id: ID!) {
        operationChanged(id: $id) {
          __typename
          ... on OperationSnapshot { operation { status } }
          ... on OperationDelta { operation { status } commands { status hold { reason } } steps { nodeName status } }
        }
      }`,
      { id },
    );
    await until('a snapshot', () => live.events.length > 0);
    const commands = manager.commands();
    const command = await until('the command', () => commands.events[0]);
    const report = (sequence: number, status: string, steps: object[], more: object = {}) =>
      manager.reportCommand({ commandId: command.id, sequence, status, steps, ...more });
    await report(1, 'RUNNING', [{ nodeName: 'a', status: 'STOPPING', startedAt: '2026-01-01T00:00:00Z' }], {
      waitingFor: null,
    });
    await until('the step', () => JSON.stringify(live.events).includes('"STOPPING"'));
    const duplicate = await report(1, 'RUNNING', [{ nodeName: 'a', status: 'FAILED' }]);
    expect(duplicate.data.reportCommand).toEqual({ applied: false, sequence: 1 });
    const stray = await report(2, 'RUNNING', [
      { nodeName: 'a', status: 'CHECKING' },
      { nodeName: 'zzz', status: 'CHECKING' },
    ]);
    expect(stray.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'input.steps.1.nodeName' });
    expect(
      (await operation(id)).commands.edges[0].node.steps.edges[0].node.status,
      'nothing half-written',
    ).toBe('STOPPING');
    await report(2, 'RUNNING', [{ nodeName: 'a', status: 'SUCCEEDED', finishedAt: '2026-01-01T00:00:05Z' }], {
      waitingFor: 'pausing 10 s before the next batch',
    });
    expect((await operation(id)).commands.edges[0].node.hold).toEqual({
      rule: 'MANAGER',
      reason: 'pausing 10 s before the next batch',
    });
    const unfinished = await report(3, 'SUCCEEDED', [{ nodeName: 'b', status: 'CHECKING' }]);
    expect(unfinished.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'input.status' });
    // One who has forgotten that `a` has ended: it stays so, and `b` goes on.
    await report(3, 'RUNNING', [
      { nodeName: 'a', status: 'STOPPING' },
      { nodeName: 'b', status: 'CHECKING' },
    ]);
    expect((await operation(id)).stepCounts).toEqual([
      { status: 'CHECKING', count: 1 },
      { status: 'SUCCEEDED', count: 1 },
    ]);
    await report(4, 'SUCCEEDED', [{ nodeName: 'b', status: 'SUCCEEDED' }]);
    await until('the end', () => live.events.at(-1)?.operation?.status === 'SUCCEEDED');
    expect(await operation(id)).toMatchObject({
      status: 'SUCCEEDED',
      stepCounts: [{ status: 'SUCCEEDED', count: 2 }],
    });
    expect(
      (await report(5, 'FAILED', [])).data.reportCommand.applied,
      'an ended command stays as it ended',
    ).toBe(false);
    live.close();
    commands.close();
  });

  it('and a failure is told with its reason', async () => {
    const manager = await cluster('failing', 'a', 'b');
    const id = await start(rolling(manager));
    const commands = manager.commands();
    const command = await until('the command', () => commands.events[0]);
    await manager.reportCommand({
      commandId: command.id,
      sequence: 1,
      status: 'FAILED',
      statusReason: '1 node failed',
      steps: [{ nodeName: 'a', status: 'FAILED', reason: 'not healthy within 60 s', output: ['boom'] }],
    });
    const after = await ended(id);
    expect(after).toMatchObject({ status: 'FAILED', statusReason: 'Of 1 cluster: 1 failed.' });
    expect(after.commands.edges[0].node.steps.edges.map(({ node }: { node: object }) => node)).toEqual([
      { nodeName: 'a', status: 'FAILED', reason: 'not healthy within 60 s' },
      { nodeName: 'b', status: 'SKIPPED', reason: '1 node failed' },
    ]);
    commands.close();
  });
});
