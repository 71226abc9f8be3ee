import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ABORT, operator } from '../harness/operator.ts';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';

const WINDOW = `mutation ($input: CreateMaintenanceWindowInput!) { createMaintenanceWindow(input: $input) { id } }`;
const SEEN = `query ($id: ID!) { operation(id: $id) {
  status finishedAt lateness expiresInSeconds hold { rule }
  commands { edges { node { status issuedAt expiresAt hold { rule } } } }
} }`;

describe('a command that is to begin within the maintenance window only', () => {
  let oc: Oc;
  beforeAll(async () => {
    // No manager here renews its lease: what is at stake is when work is issued.
    oc = await Oc.start({ leaseSeconds: 300 });
  });
  afterAll(() => oc.stop());

  const { start, cluster } = operator(() => oc);
  const look = async (id: string) => {
    const { commands, ...operation } = (await oc.client.data(SEEN, { id })).operation;
    return { ...operation, commands: commands.edges.map(({ node }: { node: unknown }) => node) };
  };
  const REMOVE = 'mutation ($id: ID!) { removeMaintenanceWindow(input: { id: $id }) { id } }';
  const every = { timeZone: 'UTC', durationSeconds: 60, reason: 'as agreed' };
  /** The cluster has a window that is far away; answered is how to open one now, which answers how to close it. */
  async function windowed(name: string) {
    const manager = await cluster(name, 'a', 'b');
    const clusters = { names: [name] };
    const far = new Date(Date.now() + 40 * 86_400_000);
    const schedule = `0 3 ${far.getUTCDate()} ${far.getUTCMonth() + 1} *`;
    await oc.client.data(WINDOW, { input: { ...every, name: 'far', clusters, schedule } });
    const open = async () => {
      const input = { ...every, name: 'now', clusters, schedule: '* * * * *' };
      const { createMaintenanceWindow: now } = await oc.client.data(WINDOW, { input });
      return () => oc.client.data(REMOVE, { id: now.id });
    };
    return { manager, open };
  }
  const within = (clusterId: string) => ({
    kind: 'RESTART',
    targets: { clusterIds: [clusterId] },
    lateness: 'WINDOW',
  });
  const is = (id: string, status: string) =>
    until(`the command is ${status}`, async () => {
      const [command] = (await look(id)).commands;
      return command.status === status && command;
    });

  it('what no manager has is taken back when the window closes, and issued in the next one', async () => {
    const { manager, open } = await windowed('taken-back');
    const close = await open();
    const id = await start(within(manager.clusterId));
    expect((await look(id)).commands).toMatchObject([{ status: 'PENDING', expiresAt: null }]);
    await close();
    expect(await is(id, 'PLANNED')).toMatchObject({ issuedAt: null, hold: { rule: 'WINDOW' } });
    await until('it says so', async () => (await look(id)).hold?.rule === 'WINDOW');
    const unseen = manager.commands();
    await open();
    const { id: commandId } = await until('it is issued again', () => unseen.events[0]);
    const steps = ['a', 'b'].map((nodeName) => ({ nodeName, status: 'SUCCEEDED' }));
    await manager.reportCommand({ commandId, sequence: 1, status: 'SUCCEEDED', steps });
    await is(id, 'SUCCEEDED');
    unseen.close();
  });

  it('a manager that has it is told to give it back; what it did not do is another attempt', async () => {
    const { manager, open } = await windowed('given-back');
    const close = await open();
    const id = await start(within(manager.clusterId));
    const line = manager.commands();
    const { id: commandId } = await until('the command', () => line.events[0]);
    await manager.reportCommand({ commandId, sequence: 1, status: 'ACCEPTED' });
    await close();
    await until('it is told', () =>
      line.events.some(({ abortRequested }: { abortRequested: boolean }) => abortRequested),
    );
    expect((await look(id)).commands).toMatchObject([{ status: 'ACCEPTED', hold: { rule: 'WINDOW' } }]);
    // It had just begun, and ends after the batch that was under way.
    await manager.reportCommand({
      ...{ commandId, sequence: 2, status: 'ABORTED', statusReason: 'Aborted.' },
      steps: [{ nodeName: 'a', status: 'SUCCEEDED' }],
    });
    expect(await is(id, 'PLANNED')).toMatchObject({ hold: { rule: 'WINDOW' } });
    line.events.length = 0;
    await open();
    const next = await until('another attempt', () => line.events[0]);
    expect(next.id).not.toBe(commandId);
    expect(next.allSteps).toMatchObject([{ nodeName: 'b', status: 'PENDING' }]);
    const steps = [{ nodeName: 'b', status: 'SUCCEEDED' }];
    await manager.reportCommand({ commandId: next.id, sequence: 1, status: 'SUCCEEDED', steps });
    const { status, commands } = await until('it ends', async () => {
      const seen = await look(id);
      return seen.finishedAt !== null && seen;
    });
    expect([status, commands.length]).toEqual(['SUCCEEDED', 1]);
    line.close();
  });

  it('what was begun in the window goes on; who aborts what is taken back has it aborted', async () => {
    const { manager, open } = await windowed('goes-on');
    const close = await open();
    const begun = await start(within(manager.clusterId));
    const waiting = await start(within(manager.clusterId));
    const line = manager.commands();
    const [first, second] = await until('both', () => line.events.length > 1 && line.events);
    await manager.reportCommand({ commandId: first.id, sequence: 1, status: 'RUNNING' });
    await close();
    await until('the other one is told', () =>
      line.events.some(
        (one: { id: string; abortRequested: boolean }) => one.id === second.id && one.abortRequested,
      ),
    );
    expect((await look(begun)).commands).toMatchObject([{ status: 'RUNNING', hold: null }]);
    await oc.client.data(ABORT, { id: waiting });
    await manager.reportCommand({ commandId: second.id, sequence: 1, status: 'ABORTED' });
    await is(waiting, 'ABORTED');
    expect((await look(begun)).commands).toMatchObject([{ status: 'RUNNING' }]);
    line.close();
  });

  it('a cluster without windows has nothing to wait for', async () => {
    const manager = await cluster('windowless', 'a');
    const id = await start(within(manager.clusterId));
    expect(await look(id)).toMatchObject({
      lateness: 'WINDOW',
      expiresInSeconds: null,
      commands: [{ status: 'PENDING', expiresAt: null }],
    });
  });
});
