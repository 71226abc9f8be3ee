import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ABORT, operator } from '../harness/operator.ts';
import { Oc } from '../harness/oc.ts';
import { seeOperation } from '../harness/operation.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

describe('a command', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 12 });
  });
  afterAll(() => oc.stop());

  const { rolling, start, operation, ended, cluster } = operator(() => oc);

  it('that no manager has seen is aborted at once, any other when its manager says so', async () => {
    const away = await cluster('away', 'a');
    await away.leave();
    const unseen = await start(rolling(away));
    expect((await operation(unseen)).commands.edges[0].node.hold).toEqual({
      rule: 'OFFLINE',
      reason: expect.stringContaining('No manager of away is heard'),
    });
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
    expect((await ended(id)).status).toBe('ABORTED');
    expect((await oc.client.fault(ABORT, { id })).extensions.code).toBe('CONFLICT');
    expect((await oc.client.fault(ABORT, { id: 'nix' })).extensions).toMatchObject({
      code: 'NOT_FOUND',
      field: 'input.operationId',
    });
    commands.close();
  });

  it('that runs where nobody is heard is given up when it is aborted at once; what is said of it later is told', async () => {
    const manager = await cluster('unheard', 'a');
    const id = await start(rolling(manager));
    const commands = manager.commands();
    const { id: commandId } = await until('the command', () => commands.events[0]);
    await manager.reportCommand({
      ...{ commandId, sequence: 1, status: 'RUNNING' },
      steps: [{ nodeName: 'a', status: 'STOPPING' }],
    });
    commands.close();
    await manager.leave();
    expect((await oc.client.data(ABORT, { id })).abortOperation.status, 'it may come back').toBe('ABORTING');
    expect((await operation(id)).commands.edges[0].node.hold.rule).toBe('OFFLINE');
    const atOnce = ABORT.replace('abortOperation(', 'abortOperation(atOnce: true, ');
    expect((await oc.client.data(atOnce, { id })).abortOperation.status).toBe('FAILED');
    const { command, steps } = await seeOperation(oc.client, id);
    const unknown = expect.stringContaining('No manager of the cluster is heard');
    expect(command).toMatchObject({ status: 'EXPIRED', statusReason: unknown, hold: null });
    expect(steps).toMatchObject([{ status: 'UNKNOWN', reason: unknown }]);

    manager.epoch = (await manager.renew()).epoch;
    const back = manager.commands();
    const told = await until('it is told to stop', () => back.events[0]);
    expect(told).toMatchObject({ id: commandId, abortRequested: true });
    await manager.reportCommand({
      ...{ commandId, sequence: 2, status: 'FAILED', statusReason: 'Aborted in the middle.' },
      steps: [{ nodeName: 'a', status: 'FAILED' }],
    });
    const seen = await seeOperation(oc.client, id);
    expect(seen.command).toMatchObject({ status: 'FAILED', statusReason: 'Aborted in the middle.' });
    expect(seen.steps).toMatchObject([{ status: 'FAILED' }]);
    back.close();
  });

  it('that its manager was told to abort at once can still be given up when the manager is not heard since', async () => {
    const manager = await cluster('told-and-gone', 'a');
    const id = await start(rolling(manager));
    const commands = manager.commands();
    const { id: commandId } = await until('the command', () => commands.events[0]);
    await manager.reportCommand({ commandId, sequence: 1, status: 'RUNNING' });
    const atOnce = ABORT.replace('abortOperation(', 'abortOperation(atOnce: true, ');
    const abort = async () => (await oc.client.data(atOnce, { id })).abortOperation.status;
    expect(await abort(), 'it is heard').toBe('ABORTING');
    expect(await abort(), 'it was told already').toBe('ABORTING');
    commands.close();
    await manager.leave();
    const hold = await until('the operation says whom it waits for', async () => {
      const { operation } = await oc.client.data(
        'query ($id: ID!) { operation(id: $id) { hold { rule freedBy } } }',
        { id },
      );
      return operation.hold ?? false;
    });
    expect(hold).toEqual({ rule: 'OFFLINE', freedBy: 'They return, or someone aborts it at once.' });
    expect(await abort()).toBe('FAILED');
    expect((await seeOperation(oc.client, id)).command.status).toBe('EXPIRED');
  });

  it('a command waits for its manager, keeps its turn, and says why', async () => {
    const manager = await cluster('busy', 'a');
    const first = await start(rolling(manager), { reason: 'the first' });
    const second = await start(rolling(manager), { reason: 'the second' });
    const why = async (id: string) => (await operation(id)).commands.edges[0].node.hold.reason;
    expect(await why(second)).toBe('Rolling restart “the first” runs first in busy.');
    const commands = manager.commands();
    await until('both commands', () => commands.events.length >= 2);
    expect(commands.events.map(({ id }: { id: string }) => id)).toEqual([
      (await operation(first)).commands.edges[0].node.id,
      (await operation(second)).commands.edges[0].node.id,
    ]);
    commands.close();
  });

  // Together: all wait for the shortest time in which a command expires.
  it.concurrent(
    'a command that nobody begins in its time expires; what was done after all is told as it was',
    async () => {
      const manager = await cluster('late', 'a');
      const id = await start(rolling(manager, { expiresInSeconds: 10 }));
      const commands = manager.commands();
      await until('the command', () => commands.events.length > 0);
      commands.close();
      await manager.leave();
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
      const after = await until('it is told as it was', async () => {
        const now = await operation(id);
        return now.status === 'SUCCEEDED' && now;
      });
      expect(after.stepCounts).toEqual([{ status: 'SUCCEEDED', count: 1 }]);
    },
  );

  it.concurrent('one that expired and was never delivered nobody can have begun', async () => {
    const manager = await cluster('never', 'a');
    const id = await start(rolling(manager, { expiresInSeconds: 10 }));
    const expired = await until('it expires', async () => {
      const now = await operation(id);
      return now.status === 'FAILED' && now;
    });
    const { data } = await manager.reportCommand({
      commandId: expired.commands.edges[0].node.id,
      sequence: 1,
      status: 'SUCCEEDED',
      steps: [{ nodeName: 'a', status: 'SUCCEEDED' }],
    });
    expect(data.reportCommand).toEqual({ applied: false, sequence: 0 });
    expect((await operation(id)).commandCounts).toEqual([{ status: 'EXPIRED', count: 1 }]);
  });

  it.concurrent('a manager that has a command and has not begun it is told when it expires', async () => {
    const manager = await cluster('slow', 'a');
    const id = await start(rolling(manager, { expiresInSeconds: 10 }));
    const commands = manager.commands();
    const command = await until('the command', () => commands.events[0]);
    const steps = ['SUCCEEDED', 'FAILED'].map((status) => ({ nodeName: 'a', status }));
    const twice = await manager.reportCommand({
      commandId: command.id,
      sequence: 1,
      status: 'RUNNING',
      steps,
    });
    expect(twice.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'input.steps.1.nodeName' });
    await manager.reportCommand({ commandId: command.id, sequence: 1, status: 'ACCEPTED' });
    await until('it is told not to begin', async () => {
      await manager.renew();
      return commands.events.some(({ abortRequested }: { abortRequested: boolean }) => abortRequested);
    });
    expect((await operation(id)).commandCounts).toEqual([{ status: 'EXPIRED', count: 1 }]);
    const late = await manager.reportCommand({ commandId: command.id, sequence: 2, status: 'ABORTED' });
    expect(late.data.reportCommand.applied, 'it was not aborted, it expired').toBe(false);
    expect((await ended(id)).status).toBe('FAILED');
    commands.close();
  });

  it('a manager that no longer listens has got nothing: its command can still be taken back at once', async () => {
    const manager = await cluster('gone', 'a');
    const commands = manager.commands();
    const live = await start(rolling(manager));
    await until('it listens', () => commands.events.length > 0);
    await oc.client.data(ABORT, { id: live });
    await manager.reportCommand({ commandId: commands.events[0].id, sequence: 1, status: 'ABORTED' });
    commands.close();
    await until('the socket is closed', () => commands.ended);
    await manager.renew();
    const id = await start(rolling(manager));
    expect((await operation(id)).commands.edges[0].node.hold).toEqual({
      rule: 'DELIVERY',
      reason: 'It is on its way to the manager.',
    });
    expect((await oc.client.data(ABORT, { id })).abortOperation.status).toBe('ABORTED');
  });

  it('its delivery is told to whoever looks on', async () => {
    const manager = await cluster('watched', 'a');
    const id = await start(rolling(manager));
    const live = oc.client.subscribe(
      `subscription ($id: ID!) {
        operationChanged(id: $id) {
          ... on OperationSnapshot { operation { commands { edges { node { deliveredAt } } } } }
          ... on OperationDelta { commands { deliveredAt } }
        }
      }`,
      { id },
    );
    const first = await until('a snapshot', () => live.events[0]);
    expect(first.operation.commands.edges[0].node.deliveredAt).toBeNull();
    const commands = manager.commands();
    const told = await until('the delivery is told', () =>
      live.events.find((event) => event.commands?.length),
    );
    expect(told.commands[0].deliveredAt).not.toBeNull();
    commands.close();
    live.close();
  });

  it('a manager that left, or was followed by another, gets nothing more', async () => {
    const manager = await cluster('deposed', 'a');
    const commands = manager.commands();
    await manager.leave();
    await until('the stream ends', () => commands.ended);
    expect(commands.errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'epoch' });
    const id = await start(rolling(manager));
    expect((await oc.client.data(ABORT, { id })).abortOperation.status, 'nobody has it').toBe('ABORTED');

    manager.epoch = (await manager.renew()).epoch;
    const former = manager.commands();
    await start(rolling(manager));
    await until('it is primary again', () => former.events.length > 0);
    await WireManager.register(oc.client, {
      credential: manager.client.credential,
      cluster: { name: 'deposed', kind: 'process' },
      manager: { name: 'deposed-m1', version: '2' },
    });
    await until('the stream of its former self ends', () => former.ended);
    expect(former.errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', epoch: manager.epoch + 1 });
  });

  it('many at once, whatever they do: nobody gets an error that is not his', async () => {
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
            steps: ['a', 'b'].map((nodeName) => ({ nodeName, status: 'SUCCEEDED' })),
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

  it('only the primary of the present gets commands and is believed', async () => {
    const manager = await cluster('guarded', 'a');
    const other = await cluster('other-cluster', 'a');
    const id = await start(rolling(manager));
    const commandId = (await operation(id)).commands.edges[0].node.id;
    const stale = manager.commands(99);
    await until('a refusal', () => stale.errors.length > 0);
    expect(stale.errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', epoch: 1 });
    const foreign = await other.reportCommand({ commandId, sequence: 1, status: 'SUCCEEDED' });
    expect(foreign.errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'input.commandId' });
    const old = await manager.reportCommand({ commandId, sequence: 1, status: 'SUCCEEDED', epoch: 0 });
    expect(old.errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.epoch' });
    const odd = await manager.reportCommand({ commandId, sequence: 1, status: 'EXPIRED' });
    expect(odd.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'input.status' });
    expect((await operation(id)).status).toBe('PENDING');
  });
});
