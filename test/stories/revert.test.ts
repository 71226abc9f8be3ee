import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operator, START } from '../harness/operator.ts';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { restart, wavesOf } from '../harness/waves.ts';

describe('an operation', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 300 });
  });
  afterAll(() => oc.stop());
  const { start } = operator(() => oc);
  const { see, fleet } = wavesOf(() => oc);

  it('that shut nodes down is taken back by the inverse, with the nodes with which it succeeded', async () => {
    const { managers, lines, clusterIds, finish, close } = await fleet('night', 2);
    const id = await start({
      kind: 'SHUTDOWN',
      targets: { clusterIds },
      rollout: { failureBudget: { count: 1 } },
    });
    const revert = (operationId: string) => ({ operationId, reason: 'morning', idempotencyKey: operationId });
    const REVERT =
      'mutation ($input: RevertOperationInput!) { revertOperation(input: $input) { id kind reverts { id } } }';
    const early = await oc.client.fault(REVERT, { input: revert(id) });
    expect(early).toMatchObject({
      message: 'It has not ended: abort it first.',
      extensions: { code: 'CONFLICT' },
    });
    await finish(0);
    await managers[0]!.delta([{ name: 'a', status: 'STOPPED' }]);
    await finish(1, 'FAILED');
    await until('its end', async () => (await see(id)).status === 'FAILED');
    const { planRevert } = await oc.client.data(
      `query ($id: ID!) { planRevert(operationId: $id) {
        kind nodeCount clusters { edges { node { cluster { name } } } }
      } }`,
      { id },
    );
    expect(planRevert).toEqual({
      kind: 'START',
      nodeCount: 1,
      clusters: { edges: [{ node: { cluster: { name: 'night-1' } } }] },
    });
    const { revertOperation } = await oc.client.data(REVERT, { input: revert(id) });
    expect(revertOperation).toMatchObject({ kind: 'START', reverts: { id } });
    const command = await until('the command', () =>
      lines[0]!.events.find(({ kind }: { kind: string }) => kind === 'START'),
    );
    expect(command.allSteps).toMatchObject([{ nodeName: 'a' }]);
    await finish(0);
    await until('the end', async () => (await see(revertOperation.id)).status === 'SUCCEEDED');
    const restarted = await start(restart(clusterIds));
    for (const index of [0, 1]) await finish(index);
    await until('the end of the restart', async () => (await see(restarted)).status === 'SUCCEEDED');
    const fault = await oc.client.fault(REVERT, { input: revert(restarted) });
    expect(fault.message).toBe('What restart does cannot be taken back.');
    close();
  });

  const STOPPED = `query ($id: ID!) { operation(id: $id) {
    status notRevertible history(first: 50) { edges { node { summary } } }
  } }`;
  const INVERSES = `{ operations(filter: { search: "is taken back" }) { edges { node {
    id kind reason actor approvalsNeeded reverts { id } rollout { onExceeded failureBudget { count } }
    commands { edges { node { cluster { name } } } }
  } } } }`;
  interface Inverse {
    reverts: { id: string };
  }
  const inversesOf = async (id: string) =>
    (await oc.client.data(INVERSES)).operations.edges
      .map(({ node }: { node: Inverse }) => node)
      .filter(({ reverts }: Inverse) => reverts.id === id);

  it('of which more fails than may is stopped and taken back by itself, if its strategy says so', async () => {
    const { clusterIds, finish, close } = await fleet('dusk', 3);
    const rollout = { clustersAtOnce: 2, onExceeded: 'REVERT' };
    const id = await start({ kind: 'SHUTDOWN', targets: { clusterIds }, rollout });
    await finish(0, 'FAILED');
    await until('it is stopped', async () => (await see(id)).status === 'ABORTING');
    const { operation: stopping } = await oc.client.data(STOPPED, { id });
    expect(stopping.notRevertible).toBe('It is taken back by itself, once it has ended.');
    expect(await inversesOf(id), 'one is under way').toEqual([]);
    await finish(1);
    const inverse = await until('the inverse', async () => (await inversesOf(id))[0] ?? false);
    const why = 'In Wave “all” 1 cluster failed; none may.';
    expect(inverse).toMatchObject({
      kind: 'START',
      actor: 'Operations Center for local',
      reason: `“because” is taken back. ${why}`,
      rollout: { onExceeded: 'PAUSE', failureBudget: { count: 0 } },
      commands: { edges: [{ node: { cluster: { name: 'dusk-2' } } }] },
    });
    const { operation: stopped } = await oc.client.data(STOPPED, { id });
    expect(stopped).toMatchObject({ status: 'FAILED', notRevertible: null });
    const told = stopped.history.edges.map(({ node }: { node: { summary: string } }) => node.summary);
    expect(told).toContain(`Stopped by its failure budget; what it did is taken back. ${why}`);
    expect(told).toContain('It is taken back: start.');
    const { auditLog } = await oc.client.data(
      `{ auditLog(first: 1, filter: { action: ["revertOperation"] }) { edges { node {
        actorKind actorName reason targets { edges { node { type id } } }
      } } } }`,
    );
    expect(auditLog.edges[0].node).toMatchObject({
      ...{ actorKind: 'SYSTEM', actorName: 'Operations Center for local', reason: inverse.reason },
      targets: { edges: expect.arrayContaining([{ node: { type: 'Operation', id: inverse.id } }]) },
    });
    await finish(1);
    await until('the end', async () => (await see(inverse.id)).status === 'SUCCEEDED');
    expect(await inversesOf(id), 'once').toHaveLength(1);
    close();
  });

  it('that did nothing before it was stopped has nothing to take back', async () => {
    const { clusterIds, finish, close } = await fleet('noon', 1);
    const id = await start({
      kind: 'SHUTDOWN',
      targets: { clusterIds },
      rollout: { onExceeded: 'REVERT' },
    });
    await finish(0, 'FAILED');
    await until('it is told', async () =>
      (await see(id)).history.some(
        ({ summary }: { summary: string }) => summary === 'There is nothing to take back.',
      ),
    );
    expect(await inversesOf(id)).toEqual([]);
    close();
  });

  it('that cannot be taken back is refused a strategy that would', async () => {
    const { clusterIds, close } = await fleet('dawn', 1);
    const rollout = { onExceeded: 'REVERT' };
    await oc.client.data(
      'mutation ($input: SavedStrategyInput!) { createSavedStrategy(input: $input) { id } }',
      { input: { name: 'back', rollout } },
    );
    const PLAN = 'query ($input: OperationInput!) { planOperation(input: $input) { digest } }';
    const targets = { clusterIds };
    for (const [plan, field] of [
      [{ kind: 'RESTART', rollout }, 'rollout.onExceeded'],
      [{ kind: 'ROLLING_RESTART', rollout }, 'rollout.onExceeded'],
      [{ kind: 'RESTART', strategy: 'back' }, 'strategy'],
    ] as const) {
      const planned = await oc.client.fault(PLAN, { input: { ...plan, targets } });
      expect(planned.extensions).toMatchObject({ code: 'INVALID', field: `input.${field}` });
      const started = await oc.client.fault(START, {
        input: { plan: { ...plan, targets }, reason: 'r', idempotencyKey: field },
      });
      expect(started.extensions).toMatchObject({ code: 'INVALID', field: `input.plan.${field}` });
    }
    const saved = { kind: 'SHUTDOWN', strategy: 'back', targets };
    expect((await oc.client.data(PLAN, { input: saved })).planOperation.digest).toBeTruthy();
    close();
  });
});
