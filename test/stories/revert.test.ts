import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operator } from '../harness/operator.ts';
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
});
