import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ABORT, operator } from '../harness/operator.ts';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { wavesOf } from '../harness/waves.ts';
import type { WireManager } from '../harness/wire-manager.ts';

const AT_ONCE = ABORT.replace('abortOperation(', 'abortOperation(atOnce: true, ');
const FINISHED = 'query ($id: ID!) { operation(id: $id) { status finishedAt } }';

describe('a command that was given up', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 300 });
  });
  afterAll(() => oc.stop());
  const { start, cluster } = operator(() => oc);
  const { see, act } = wavesOf(() => oc);

  const startedAt = new Date().toISOString();
  const step = (nodeName: string, status: string) => ({ nodeName, status, startedAt });
  const statusesOf = async (id: string) =>
    Object.fromEntries(
      (await see(id)).commands[0].steps.edges.map(
        ({ node }: { node: { nodeName: string; status: string } }) => [node.nodeName, node.status],
      ),
    );

  /** A restart of two nodes is in its first batch when its manager is lost, and given up. */
  async function givenUp(name: string) {
    const manager = await cluster(name, 'a', 'b');
    const id = await start({ kind: 'RESTART', targets: { clusterIds: [manager.clusterId] } });
    const line = manager.commands();
    const { id: commandId } = await until('the command', () => line.events[0]);
    await manager.reportCommand({
      commandId,
      sequence: 1,
      status: 'RUNNING',
      steps: [step('a', 'STOPPING')],
    });
    line.close();
    await manager.leave();
    expect((await oc.client.data(AT_ONCE, { id })).abortOperation.status).toBe('FAILED');
    return { manager, id, commandId };
  }
  const back = async (manager: WireManager) => {
    manager.epoch = (await manager.renew()).epoch;
  };

  it('says that the end of its steps is not known; what its manager says when it is back is told, and ends nothing anew', async () => {
    const { manager, id, commandId } = await givenUp('returns');
    expect(await statusesOf(id)).toEqual({ a: 'UNKNOWN', b: 'UNKNOWN' });
    const { operation: ended } = await oc.client.data(FINISHED, { id });
    await back(manager);
    const running = { commandId, sequence: 2, status: 'RUNNING', steps: [step('a', 'STARTING')] };
    expect((await manager.reportCommand(running)).data.reportCommand.applied).toBe(true);
    const during = await see(id);
    expect(during).toMatchObject({ status: 'FAILED', commands: [{ status: 'EXPIRED' }] });
    expect(during.waves[0].commandCounts).toEqual([{ status: 'EXPIRED', count: 1 }]);
    expect(await statusesOf(id)).toEqual({ a: 'STARTING', b: 'UNKNOWN' });
    expect(during.history[0].summary).toBe('returns: given up, and RUNNING all the same.');

    const half = { commandId, sequence: 3, status: 'SUCCEEDED', steps: [step('a', 'SUCCEEDED')] };
    const refused = await manager.reportCommand(half);
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'input.status' });
    const unknown = await manager.reportCommand({
      ...half,
      status: 'RUNNING',
      steps: [step('b', 'UNKNOWN')],
    });
    expect(unknown.errors?.[0]?.extensions).toMatchObject({
      code: 'INVALID',
      field: 'input.steps.0.status',
    });
    await manager.reportCommand({ ...half, steps: [step('a', 'SUCCEEDED'), step('b', 'SUCCEEDED')] });
    await until('it is told as it was', async () => (await see(id)).status === 'SUCCEEDED');
    const after = await see(id);
    expect(after.commands).toMatchObject([{ status: 'SUCCEEDED' }]);
    expect(after.waves[0].commandCounts).toEqual([{ status: 'SUCCEEDED', count: 1 }]);
    const { operation } = await oc.client.data(FINISHED, { id });
    expect(operation.finishedAt, 'it had ended then').toBe(ended.finishedAt);
  });

  it('and whose manager stops it in the middle stays given up, with what was done', async () => {
    const { manager, id, commandId } = await givenUp('halfway');
    await back(manager);
    const steps = [step('a', 'SUCCEEDED'), { nodeName: 'b', status: 'SKIPPED' }];
    await manager.reportCommand({ commandId, sequence: 2, status: 'ABORTED', steps });
    expect(await see(id)).toMatchObject({ status: 'FAILED', commands: [{ status: 'EXPIRED' }] });
    expect(await statusesOf(id)).toEqual({ a: 'SUCCEEDED', b: 'SKIPPED' });
  });

  it('and comes to a manager that knows nothing of it: what was begun is not taken for left out', async () => {
    const { manager, id, commandId } = await givenUp('forgetful');
    await back(manager);
    const steps = ['a', 'b'].map((nodeName) => ({ nodeName, status: 'SKIPPED' }));
    await manager.reportCommand({ commandId, sequence: 2, status: 'ABORTED', steps });
    expect(await statusesOf(id)).toEqual({ a: 'UNKNOWN', b: 'SKIPPED' });
  });

  it('and tried again is counted no more, whatever is said of it', async () => {
    const { manager, id, commandId } = await givenUp('replaced');
    await act('retryOperation', id);
    const counts = async () => (await see(id)).waves[0].commandCounts;
    expect(await counts()).toEqual([{ status: 'PENDING', count: 1 }]);
    await back(manager);
    const steps = ['a', 'b'].map((nodeName) => step(nodeName, 'SUCCEEDED'));
    const late = await manager.reportCommand({ commandId, sequence: 2, status: 'SUCCEEDED', steps });
    expect(late.data.reportCommand.applied).toBe(true);
    expect(await counts()).toEqual([{ status: 'PENDING', count: 1 }]);
    const [{ id: again }] = (await see(id)).commands;
    expect(again).not.toBe(commandId);
    await manager.reportCommand({ commandId: again, sequence: 1, status: 'SUCCEEDED', steps });
    await until('it ends', async () => (await see(id)).status === 'SUCCEEDED');
    expect(await counts()).toEqual([{ status: 'SUCCEEDED', count: 1 }]);
  });
});
