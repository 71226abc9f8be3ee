import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operator, unpaged } from '../harness/operator.ts';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { restart, wavesOf } from '../harness/waves.ts';

describe('an operation in waves', () => {
  let oc: Oc;
  beforeAll(async () => {
    // No manager here renews its lease: what is at stake is the work.
    oc = await Oc.start({ leaseSeconds: 300 });
  });
  afterAll(() => oc.stop());
  const { rolling, start, operation, ended, cluster } = operator(() => oc);

  const { see, act, statuses, fleet } = wavesOf(() => oc);
  const canary = { name: 'canary', amount: { count: 1 } };

  it('goes to the next wave when one is done, and past a gate when someone has promoted it', async () => {
    const { clusterIds, finish, close } = await fleet('gated', 3);
    const id = await start(
      restart(clusterIds, {
        waves: [canary, { name: 'rest of it', amount: { percent: 100 }, manualGate: true }],
      }),
    );
    expect(await statuses(id)).toEqual({ 'gated-1': 'PENDING', 'gated-2': 'PLANNED', 'gated-3': 'PLANNED' });
    expect((await see(id)).commands[1].hold.rule).toBe('EARLIER_WAVE');
    await finish(0);
    const held = await until('the gate', async () => {
      const seen = await see(id);
      return seen.hold?.rule === 'PROMOTION' && seen;
    });
    expect(held.hold).toMatchObject({
      reason: 'Wave “rest of it” has a manual gate.',
      since: expect.any(String),
    });
    expect(held.waves).toMatchObject([
      { status: 'SUCCEEDED', commandCounts: [{ status: 'SUCCEEDED', count: 1 }], hold: null },
      { status: 'PENDING', hold: { rule: 'PROMOTION' } },
    ]);
    expect(held.commands[1].hold.rule, 'a command waits for what its wave waits for').toBe('PROMOTION');
    await act('promoteOperation', id, { wave: 1 }, 'the canary sings');
    await Promise.all([finish(1), finish(2)]);
    const ended = await until('the end', async () => {
      const seen = await see(id);
      return seen.status === 'SUCCEEDED' && seen;
    });
    expect(ended.history.map(({ summary }: { summary: string }) => summary)).toEqual(
      expect.arrayContaining([
        'Wave “canary” begins: 1 cluster.',
        'Wave “rest of it” promoted. the canary sings',
        'Wave “rest of it” SUCCEEDED.',
      ]),
    );
    const fault = await oc.client.fault(
      'mutation ($input: OperationActInput!) { promoteOperation(input: $input) { id } }',
      { input: { operationId: id, scope: { wave: 0 } } },
    );
    expect(fault.extensions['code']).toBe('CONFLICT');
    close();
  });

  it('has no more clusters under way at once than it may', async () => {
    const { clusterIds, finish, close } = await fleet('few', 3);
    const id = await start(restart(clusterIds, { clustersAtOnce: 1 }));
    expect(await statuses(id)).toEqual({ 'few-1': 'PENDING', 'few-2': 'PLANNED', 'few-3': 'PLANNED' });
    expect((await see(id)).commands[1].hold.rule).toBe('CLUSTERS_AT_ONCE');
    await finish(0);
    await until('the second', async () => (await statuses(id))['few-2'] === 'PENDING');
    expect((await statuses(id))['few-3']).toBe('PLANNED');
    await finish(1);
    await finish(2);
    await until('the end', async () => (await see(id)).status === 'SUCCEEDED');
    close();
  });

  it('is paused by its failure budget, and goes on when someone resumes it, or retries', async () => {
    const { clusterIds, finish, close } = await fleet('budget', 3);
    const id = await start(restart(clusterIds, { clustersAtOnce: 1 }));
    await finish(0, 'FAILED');
    const paused = await until('the pause', async () => {
      const seen = await see(id);
      return seen.status === 'PAUSED' && seen;
    });
    expect(paused).toMatchObject({
      pauseReason: 'In Wave “all” 1 cluster failed; none may.',
      hold: { rule: 'PAUSED', freedBy: 'Someone resumes it.' },
    });
    expect(await statuses(id)).toMatchObject({ 'budget-2': 'PLANNED' });
    expect(await act('retryOperation', id)).toBe('PAUSED');
    expect((await see(id)).commands[0]).toMatchObject({ status: 'PLANNED', attempt: 2 });
    expect(await act('resumeOperation', id, undefined, 'mended')).toBe('PENDING');
    for (const index of [0, 1, 2]) await finish(index);
    await until('the end', async () => (await see(id)).status === 'SUCCEEDED');
    const { operation } = await oc.client.data(
      'query ($id: ID!) { operation(id: $id) { commands(allAttempts: true) { totalCount } } }',
      { id },
    );
    expect(operation.commands.totalCount).toBe(4);
    close();
  });

  it('that has ended goes on when what failed is retried', async () => {
    const { clusterIds, finish, close } = await fleet('again', 2);
    const id = await start(restart(clusterIds, { failureBudget: { percent: 50 } }));
    await finish(0, 'FAILED');
    await finish(1);
    await until('its end', async () => (await see(id)).status === 'FAILED');
    expect(await act('retryOperation', id, { clusterId: clusterIds[0] })).toBe('RUNNING');
    await finish(0);
    await until('the end', async () => (await see(id)).status === 'SUCCEEDED');
    const fault = await oc.client.fault(
      'mutation ($input: OperationActInput!) { retryOperation(input: $input) { id } }',
      { input: { operationId: id } },
    );
    expect(fault).toMatchObject({ message: 'Nothing of it has failed.', extensions: { code: 'CONFLICT' } });
    close();
  });

  it('is held and left out at each level: wave, cluster, node', async () => {
    const { managers, lines, clusterIds, finish, close } = await fleet('levels', 4);
    const id = await start(restart(clusterIds, { waves: [canary], clustersAtOnce: 1 }));
    const command = await until('the command', () => lines[0]!.events[0]);
    await act('pauseOperation', id, { clusterId: clusterIds[0] });
    await until('its manager is told', () =>
      lines[0]!.events.some(({ pauseRequested }: { pauseRequested: boolean }) => pauseRequested),
    );
    expect((await see(id)).commands[0].hold.rule).toBe('PAUSED');
    await act('resumeOperation', id, { clusterId: clusterIds[0] });
    await until('its manager is told again', () => lines[0]!.events.at(-1)?.pauseRequested === false);
    await act('pauseOperation', id, { wave: 1 }, 'lunch');
    await act('skipOperation', id, { clusterId: clusterIds[2] }, 'it is away');
    await managers[0]!.reportCommand({
      commandId: command.id,
      sequence: 1,
      status: 'SUCCEEDED',
      steps: [{ nodeName: 'a', status: 'SUCCEEDED' }],
    });
    const held = await until('the second wave is held', async () => {
      const seen = await see(id);
      return seen.hold?.rule === 'PAUSED' && seen;
    });
    expect(held.hold.reason).toBe('Wave “rest” is paused. By local. lunch');
    expect(held.commands[2]).toMatchObject({
      status: 'SKIPPED',
      statusReason: 'Skipped by local. it is away',
    });
    const nodeId = (
      await oc.client.data('query ($id: ID!) { cluster(id: $id) { nodes { edges { node { id } } } } }', {
        id: clusterIds[3],
      })
    ).cluster.nodes.edges[0].node.id;
    await act('skipOperation', id, { nodeId });
    await act('resumeOperation', id, { wave: 1 });
    await finish(1);
    const last = await until('the last', () => lines[3]!.events[0]);
    expect(last.allSteps).toMatchObject([{ nodeName: 'a', skipRequested: true }]);
    await managers[3]!.reportCommand({
      commandId: last.id,
      sequence: 1,
      status: 'SUCCEEDED',
      steps: [{ nodeName: 'a', status: 'SKIPPED' }],
    });
    const ended = await until('the end', async () => {
      const seen = await see(id);
      return seen.status === 'SUCCEEDED' && seen;
    });
    expect(ended.statusReason).toBe('Of 4 clusters: 3 succeeded, 1 skipped.');
    close();
  });

  it('does not wait for who is away, says so, and ends when they are back', async () => {
    const { managers, clusterIds, finish, close } = await fleet('away', 2);
    await managers[0]!.leave();
    const id = await start(
      restart(clusterIds, { waves: [canary], offlineBudget: { count: 1 }, clustersAtOnce: 1 }),
    );
    await finish(1);
    const waiting = await until('only the absent one is left', async () => {
      const seen = await see(id);
      return seen.hold?.rule === 'OFFLINE' && seen;
    });
    expect(waiting.waves).toMatchObject([
      { status: 'SUCCEEDED', statusReason: '1 offline, not waited for.' },
      { status: 'SUCCEEDED' },
    ]);
    expect(waiting).toMatchObject({
      status: 'RUNNING',
      hold: { reason: '1 cluster is offline; all others are done.' },
    });
    managers[0]!.epoch = (await managers[0]!.renew()).epoch;
    const line = managers[0]!.commands();
    const command = await until('the command is kept for it', () => line.events[0]);
    await managers[0]!.reportCommand({
      commandId: command.id,
      sequence: 1,
      status: 'SUCCEEDED',
      steps: [{ nodeName: 'a', status: 'SUCCEEDED' }],
    });
    await until('the end', async () => (await see(id)).status === 'SUCCEEDED');
    line.close();
    close();
  });

  it('asks a manager that is busy again', async () => {
    const { managers, lines, clusterIds, close } = await fleet('occupied', 1);
    const id = await start(restart(clusterIds));
    const command = await until('the command', () => lines[0]!.events[0]);
    lines[0]!.events.length = 0;
    await managers[0]!.reportCommand({
      commandId: command.id,
      sequence: 1,
      status: 'REFUSED',
      statusReason: 'a backup runs',
      retryAfterSeconds: 1,
    });
    expect((await see(id)).commands[0]).toMatchObject({ status: 'PENDING', hold: { rule: 'BUSY' } });
    await until('it is asked again', () => lines[0]!.events.length > 0);
    await managers[0]!.reportCommand({
      commandId: command.id,
      sequence: 2,
      status: 'SUCCEEDED',
      steps: [{ nodeName: 'a', status: 'SUCCEEDED' }],
    });
    await until('the end', async () => (await see(id)).status === 'SUCCEEDED');
    close();
  });

  it('says beforehand how long it should take, from how long it took before', async () => {
    const manager = await cluster('timed', 'a', 'b');
    const input = rolling(manager, { rolling: { pauseSeconds: 5 } });
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
});
