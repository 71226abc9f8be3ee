import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { operationEnded, seeOperation, startOperation } from '../harness/operation.ts';
import { SimulatedManager } from '../harness/simulated-manager.ts';
import { until } from '../harness/until.ts';
import { running, WireManager } from '../harness/wire-manager.ts';

const NODES = ['n1', 'n2', 'n3'];

describe('what an operator wants of a command reaches its manager', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 3 });
  });
  afterAll(() => oc.stop());

  const join = async (name: string) => {
    const manager = await SimulatedManager.start(oc.client, name, { folder: oc.folder, nodes: NODES });
    oc.atEnd(() => manager.go());
    return manager;
  };
  const act = (name: string, operationId: string, scope?: object) =>
    oc.client.data(`mutation ($input: OperationActInput!) { ${name}Operation(input: $input) { id } }`, {
      input: { operationId, scope },
    });
  const nodeId = async ({ clusterId }: SimulatedManager, name: string): Promise<string> => {
    const { cluster } = await oc.client.data(
      'query ($id: ID!) { cluster(id: $id) { nodes { edges { node { id name } } } } }',
      { id: clusterId },
    );
    return cluster.nodes.edges.find(({ node }: { node: { name: string } }) => node.name === name).node.id;
  };
  /** A restart node by node of which the first was begun, and is not healthy before the story says so. */
  const underWay = async (manager: SimulatedManager) => {
    manager.nodes.broken.add('n1');
    const id = await startOperation(oc.client, {
      kind: 'ROLLING_RESTART',
      targets: { clusterIds: [manager.clusterId] },
      rolling: {},
    });
    await until('the first is checked', async () => (await steps(id))[0] === 'CHECKING');
    return id;
  };
  const steps = async (id: string) => (await seeOperation(oc.client, id)).steps.map(({ status }) => status);
  const heal = (manager: SimulatedManager) => {
    manager.nodes.broken.clear();
    manager.driver.change('n1', 'RUNNING');
  };

  it('to pause and to go on, to hold a node and to leave one out', async () => {
    const manager = await join('wished');
    const id = await underWay(manager);
    await act('pause', id);
    await act('skip', id, { nodeId: await nodeId(manager, 'n2') });
    await act('pause', id, { nodeId: await nodeId(manager, 'n3') });
    heal(manager);
    await until('n2 is left out', async () => (await steps(id)).join() === 'SUCCEEDED,SKIPPED,WAITING');
    expect((await seeOperation(oc.client, id)).command.hold).toMatchObject({ rule: 'PAUSED' });
    await act('resume', id);
    await until('n3 alone is held', async () => {
      const { hold } = (await seeOperation(oc.client, id)).command;
      return hold?.reason.startsWith('The next batch (n3) waits: n3 is paused.');
    });
    await act('resume', id, { nodeId: await nodeId(manager, 'n3') });
    expect((await operationEnded(oc.client, id)).steps.map(({ status, reason }) => [status, reason])).toEqual(
      [
        ['SUCCEEDED', null],
        ['SKIPPED', 'Skipped by an operator.'],
        ['SUCCEEDED', null],
      ],
    );
    expect([...manager.nodes.starts]).toEqual([
      ['n1', 1],
      ['n3', 1],
    ]);
  });

  it('to abort at once, and to try again what did not succeed', async () => {
    const manager = await join('aborted');
    const id = await underWay(manager);
    await oc.client.data(
      'mutation ($id: ID!) { abortOperation(input: { operationId: $id }, atOnce: true) { id } }',
      { id },
    );
    const aborted = await operationEnded(oc.client, id);
    expect(aborted).toMatchObject({ status: 'ABORTED', command: { status: 'ABORTED' } });
    expect(aborted.steps.map(({ status }) => status)).toEqual(['FAILED', 'SKIPPED', 'SKIPPED']);
    heal(manager);
    await act('retry', id);
    expect((await operationEnded(oc.client, id)).status).toBe('SUCCEEDED');
    expect([...manager.nodes.starts]).toEqual([
      ['n1', 2],
      ['n2', 1],
      ['n3', 1],
    ]);
  });

  it('once more when it was busy', async () => {
    const manager = await join('busy');
    manager.nodes.busy = { reason: 'A backup runs.', retryAfterSeconds: 1 };
    const id = await startOperation(oc.client, {
      kind: 'RESTART',
      targets: { clusterIds: [manager.clusterId] },
    });
    await until('it is put off', async () => {
      const { status, hold } = (await seeOperation(oc.client, id)).command;
      return status === 'PENDING' && hold?.rule === 'BUSY' && hold.reason === 'A backup runs.';
    });
    expect(manager.nodes.starts.size).toBe(0);
    manager.nodes.busy = null;
    expect((await operationEnded(oc.client, id)).status).toBe('SUCCEEDED');
    expect([...manager.nodes.starts.values()]).toEqual([1, 1, 1]);
  });

  it('and ends what a busy manager refuses before it hears that it is to be aborted', async () => {
    const manager = await WireManager.join(oc.client, 'refusing');
    await manager.snapshot(running('n1'));
    const line = manager.commands();
    const id = await startOperation(oc.client, {
      kind: 'RESTART',
      targets: { clusterIds: [manager.clusterId] },
    });
    const { id: commandId } = await until('it is delivered', () => line.events[0]);
    line.close();
    await act('abort', id);
    await manager.reportCommand({ commandId, sequence: 1, status: 'REFUSED', retryAfterSeconds: 86_400 });
    expect(await operationEnded(oc.client, id)).toMatchObject({ command: { status: 'ABORTED' } });
  });

  it('also of a command that is skipped when its manager has it, and of nodes that were stopped', async () => {
    const manager = await join('stopped');
    const id = await underWay(manager);
    const queued = await startOperation(oc.client, {
      kind: 'SHUTDOWN',
      targets: { clusterIds: [manager.clusterId] },
    });
    await until(
      'it is taken',
      async () => (await seeOperation(oc.client, queued)).command.status === 'ACCEPTED',
    );
    await act('skip', queued, { clusterId: manager.clusterId });
    heal(manager);
    await operationEnded(oc.client, id);
    expect(await operationEnded(oc.client, queued)).toMatchObject({ command: { status: 'SKIPPED' } });
    const targets = { clusterIds: [manager.clusterId] };
    await operationEnded(oc.client, await startOperation(oc.client, { kind: 'SHUTDOWN', targets }));
    expect([...manager.nodes.nodes.values()].map(({ status }) => status)).toEqual([
      'STOPPED',
      'STOPPED',
      'STOPPED',
    ]);
    const started = await operationEnded(
      oc.client,
      await startOperation(oc.client, { kind: 'START', targets }),
    );
    expect(started.status).toBe('SUCCEEDED');
    expect([...manager.nodes.starts.values()]).toEqual([2, 2, 2]);
  });
});
