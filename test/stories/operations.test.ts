import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const PLAN = `query ($input: OperationInput!) {
  planOperation(input: $input) {
    digest nodeCount warnings rolling { batchSize maxUnavailable }
    clusters { cluster { name } warnings batches { index nodes { name status } } excluded { name reason } }
  }
}`;
const START = `mutation ($input: StartOperationInput!) { startOperation(input: $input) { id status } }`;
const ABORT = `mutation ($id: ID!) { abortOperation(id: $id, reason: "enough") { status } }`;
const OPERATION = `query ($id: ID!) {
  operation(id: $id) {
    status statusReason reason actor abortRequestedAt stepCounts { status count } commandCounts { status count }
    commands { edges { node { id status statusReason waitingFor steps { edges { node { nodeName status reason } } } } } }
    history(first: 100) { edges { node { kind summary actor } } }
  }
}`;

describe('an operator acts', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 3 });
  });
  afterAll(() => oc.stop());

  const rolling = (manager: WireManager, more: object = {}) => ({
    kind: 'ROLLING_RESTART',
    targets: { clusterIds: [manager.clusterId] },
    ...more,
  });
  const start = async (plan: object, more: object = {}) =>
    (
      await oc.client.data(START, {
        input: { plan, reason: 'because', idempotencyKey: randomUUID(), ...more },
      })
    ).startOperation.id as string;
  const operation = async (id: string) => (await oc.client.data(OPERATION, { id })).operation;
  const cluster = async (name: string, ...nodes: string[]) => {
    const manager = await WireManager.join(oc.client, name);
    await manager.snapshot(running(...nodes));
    return manager;
  };

  it('after a look at the plan, which is what is done', async () => {
    const manager = await cluster('planned', 'web-1', 'web-2', 'web-10');
    await manager.delta([{ name: 'web-2', status: 'DOWN' }]);
    const input = rolling(manager, { rolling: { batchSize: 3, maxUnavailable: 2 } });
    const { planOperation: plan } = await oc.client.data(PLAN, { input });
    expect(plan.clusters).toEqual([
      {
        cluster: { name: 'planned' },
        warnings: ['planned: batches of 2, because no more may be unavailable at once.'],
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
    expect(commands.events[0].allSteps).toEqual([
      { nodeName: 'web-2', batch: 0, status: 'PENDING' },
      { nodeName: 'web-1', batch: 0, status: 'PENDING' },
      { nodeName: 'web-10', batch: 1, status: 'PENDING' },
    ]);
    commands.close();
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
      [rolling(manager, { rolling: { batchSize: 0 } }), 'INVALID', 'input.rolling.batchSize'],
      [rolling(manager, { rolling: { maxUnavailable: 1e6 } }), 'INVALID', 'input.rolling.maxUnavailable'],
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
    const other = await oc.client.fault(START, { input: { ...input, reason: 'something else' } });
    expect(other.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.idempotencyKey' });
  });

  it('and follows each step to the end', async () => {
    const manager = await cluster('followed', 'a', 'b');
    const id = await start(rolling(manager));
    const live = oc.client.subscribe(
      `subscription ($id: ID!) {
        operationChanged(id: $id) {
          __typename
          ... on OperationSnapshot { operation { status } }
          ... on OperationDelta { operation { status } commands { status waitingFor } steps { nodeName status } }
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
    expect((await operation(id)).commands.edges[0].node.waitingFor).toBe(
      'pausing 10 s before the next batch',
    );
    await report(3, 'SUCCEEDED', [{ nodeName: 'b', status: 'SUCCEEDED' }]);
    await until('the end', () => live.events.at(-1)?.operation?.status === 'SUCCEEDED');
    expect(await operation(id)).toMatchObject({
      status: 'SUCCEEDED',
      stepCounts: [{ status: 'SUCCEEDED', count: 2 }],
    });
    expect(
      (await report(4, 'FAILED', [])).data.reportCommand.applied,
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
    const after = await operation(id);
    expect(after).toMatchObject({ status: 'FAILED', statusReason: 'Of 1 cluster: 1 failed.' });
    expect(after.commands.edges[0].node.steps.edges.map(({ node }: { node: object }) => node)).toEqual([
      { nodeName: 'a', status: 'FAILED', reason: 'not healthy within 60 s' },
      { nodeName: 'b', status: 'SKIPPED', reason: '1 node failed' },
    ]);
    commands.close();
  });

  it('and aborts: at once what no manager has seen, else when the manager says so', async () => {
    const away = await cluster('away', 'a');
    await away.leave();
    const unseen = await start(rolling(away));
    expect((await operation(unseen)).commands.edges[0].node.waitingFor).toContain(
      'No manager of away is heard',
    );
    expect((await oc.client.data(ABORT, { id: unseen })).abortOperation.status).toBe('ABORTED');

    const manager = await cluster('here', 'a', 'b');
    const id = await start(rolling(manager));
    const commands = manager.commands();
    const command = await until('the command', () => commands.events[0]);
    expect((await oc.client.data(ABORT, { id })).abortOperation.status).toBe('ABORTING');
    await until('the abort reaches the manager', () =>
      commands.events.some(({ abortRequested }: { abortRequested: boolean }) => abortRequested),
    );
    await manager.reportCommand({ commandId: command.id, sequence: 1, status: 'ABORTED', steps: [] });
    expect((await operation(id)).status).toBe('ABORTED');
    expect((await oc.client.fault(ABORT, { id })).extensions.code).toBe('CONFLICT');
    expect((await oc.client.fault(ABORT, { id: 'nix' })).extensions.code).toBe('NOT_FOUND');
    commands.close();
  });

  it('and a command waits for its manager, keeps its turn, and says why', async () => {
    const manager = await cluster('busy', 'a');
    const first = await start(rolling(manager), { reason: 'the first' });
    const second = await start(rolling(manager), { reason: 'the second' });
    const why = async (id: string) => (await operation(id)).commands.edges[0].node.waitingFor;
    expect(await why(second)).toBe('ROLLING_RESTART “the first” runs first in busy.');
    const commands = manager.commands();
    await until('both commands', () => commands.events.length >= 2);
    expect(commands.events.map(({ id }: { id: string }) => id)).toEqual([
      (await operation(first)).commands.edges[0].node.id,
      (await operation(second)).commands.edges[0].node.id,
    ]);
    commands.close();
  });

  it('and a command that nobody begins in its time expires; what was done after all is told as it was', async () => {
    const manager = await cluster('late', 'a');
    await manager.leave();
    const id = await start(rolling(manager, { expiresInSeconds: 10 }));
    const expired = await until('it expires', async () => {
      const now = await operation(id);
      return now.status === 'FAILED' && now;
    });
    expect(expired.commandCounts).toEqual([{ status: 'EXPIRED', count: 1 }]);
    const lease = await manager.renew();
    manager.epoch = lease.epoch;
    const { data } = await manager.reportCommand({
      commandId: expired.commands.edges[0].node.id,
      sequence: 1,
      status: 'SUCCEEDED',
      steps: [{ nodeName: 'a', status: 'SUCCEEDED' }],
    });
    expect(data.reportCommand.applied).toBe(true);
    expect((await operation(id)).status).toBe('SUCCEEDED');
  });

  it('and a manager that has a command and has not begun it is told when it expires', async () => {
    const manager = await cluster('slow', 'a');
    const id = await start(rolling(manager, { expiresInSeconds: 10 }));
    const commands = manager.commands();
    const command = await until('the command', () => commands.events[0]);
    await manager.reportCommand({ commandId: command.id, sequence: 1, status: 'ACCEPTED' });
    await until('it is told not to begin', async () => {
      await manager.renew();
      return commands.events.some(({ abortRequested }: { abortRequested: boolean }) => abortRequested);
    });
    expect((await operation(id)).commandCounts).toEqual([{ status: 'EXPIRED', count: 1 }]);
    const late = await manager.reportCommand({ commandId: command.id, sequence: 2, status: 'ABORTED' });
    expect(late.data.reportCommand.applied, 'it was not aborted, it expired').toBe(false);
    expect((await operation(id)).status).toBe('FAILED');
    commands.close();
  });

  it('and a manager that no longer listens has got nothing: its command can still be taken back at once', async () => {
    const manager = await cluster('gone', 'a');
    const commands = manager.commands();
    const live = await start(rolling(manager));
    await until('it listens', () => commands.events.length > 0);
    await oc.client.data(ABORT, { id: live });
    await manager.reportCommand({ commandId: commands.events[0].id, sequence: 1, status: 'ABORTED' });
    commands.close();
    await until('the socket is closed', () => commands.ended);
    const id = await start(rolling(manager));
    expect((await operation(id)).commands.edges[0].node.waitingFor).toBe('It is on its way to the manager.');
    expect((await oc.client.data(ABORT, { id })).abortOperation.status).toBe('ABORTED');
  });

  it('and many at once, whatever they do: nobody gets an error that is not his', async () => {
    const managers = await Promise.all(
      ['storm-a', 'storm-b', 'storm-c', 'storm-d'].map((name) => cluster(name, 'a', 'b')),
    );
    const plan = { kind: 'RESTART', targets: { clusterIds: managers.map(({ clusterId }) => clusterId) } };
    const ids = await Promise.all(Array.from({ length: 4 }, () => start(plan)));
    const inboxes = managers.map((manager) => manager.commands());
    await until('all commands', () => inboxes.every(({ events }) => events.length >= ids.length));
    const answers = await Promise.all([
      ...ids.slice(0, 2).map((id) => oc.client.send(ABORT, { id })),
      ...managers.flatMap((manager, n) => [
        ...inboxes[n]!.events.map(({ id: commandId }: { id: string }) =>
          manager.reportCommand({
            commandId,
            sequence: 1,
            status: 'SUCCEEDED',
            steps: [{ nodeName: 'a', status: 'SUCCEEDED' }],
          }),
        ),
        manager.report({ kind: 'DELTA', sequence: manager.sequence + 1, nodes: running('c') }),
        manager.client.send(
          'mutation ($e: Int!) { renewLease(input: { epoch: $e, membershipSequence: 1 }) { lease { epoch } } }',
          {
            e: manager.epoch,
          },
        ),
      ]),
      ...['storm-e', 'storm-f'].map(async (name) => ({
        errors: undefined,
        ...(await WireManager.join(oc.client, name)),
      })),
    ]);
    const codes = answers.flatMap(({ errors }) => errors ?? []).map(({ extensions }) => extensions.code);
    // An abort may find that its operation has just ended.
    expect(codes.filter((code) => code !== 'CONFLICT')).toEqual([]);
    for (const inbox of inboxes) inbox.close();
  });

  it('and only the primary of the present gets commands and is believed', async () => {
    const manager = await cluster('guarded', 'a');
    const other = await cluster('other-cluster', 'a');
    const id = await start(rolling(manager));
    const commandId = (await operation(id)).commands.edges[0].node.id;
    const stale = manager.commands(99);
    await until('a refusal', () => stale.errors.length > 0);
    expect(stale.errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', epoch: 1 });
    const foreign = await other.reportCommand({ commandId, sequence: 1, status: 'SUCCEEDED' });
    expect(foreign.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    const old = await manager.reportCommand({ commandId, sequence: 1, status: 'SUCCEEDED', epoch: 0 });
    expect(old.errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.epoch' });
    const odd = await manager.reportCommand({ commandId, sequence: 1, status: 'EXPIRED' });
    expect(odd.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'input.status' });
    expect((await operation(id)).status).toBe('PENDING');
  });
});
