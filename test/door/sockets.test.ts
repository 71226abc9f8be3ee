import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { RawSocket } from '../harness/raw-socket.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const COMMANDS = 'subscription ($epoch: Int!) { commandIssued(epoch: $epoch) { id } }';
const REGISTER = `mutation ($input: RegisterManagerInput!) { registerManager(input: $input) { clusterId } }`;
const NODES = `subscription ($clusterId: ID) {
  topologyChanged(clusterId: $clusterId) {
    ... on TopologySnapshot { revision }
    ... on TopologyDelta { nodes { name lastOutput } }
  }
}`;

describe('a socket', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start();
  });
  afterAll(() => oc.stop());

  /** Another manager registers under the name of one that is no longer heard. */
  const takeName = async (cluster: string, name: string) => {
    const token = await WireManager.token(oc.client);
    await until(`${name} can be registered anew`, async () => {
      const manager = { name, version: '2' };
      const { errors } = await WireManager.register(oc.client, {
        token,
        cluster: { name: cluster, kind: 'process' },
        manager,
      });
      return !errors;
    });
  };

  it('and what is open on it ends with its credential, which another manager of that name replaced', async () => {
    const first = await WireManager.join(oc.client, 'twice', 'm');
    await first.snapshot(running('a'));
    const listening = await RawSocket.open(first.client);
    const id = listening.ask(COMMANDS, { epoch: first.epoch });
    const idle = await RawSocket.open(first.client);
    idle.ask('query ($id: ID!) { cluster(id: $id) { name } }', { id: first.clusterId });
    await until('it is answered', () => idle.of('next').length > 0);
    const stream = await fetch(`${oc.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${first.client.credential}`,
      },
      body: JSON.stringify({ query: COMMANDS, variables: { epoch: first.epoch } }),
    });
    await takeName('twice', 'm');
    await until('both sockets are closed', () => listening.closed && idle.closed);
    expect([listening.closed?.code, idle.closed?.code]).toEqual([4401, 4401]);
    // The new manager ends the epoch of the old one, too: whichever is noticed first.
    const ends = /UNAUTHENTICATED|CONFLICT/;
    expect(JSON.stringify(listening.of('error', id))).toMatch(ends);
    expect(await stream.text(), 'it ends').toMatch(ends);

    const again = await RawSocket.open(first.client);
    again.ask(COMMANDS, { epoch: first.epoch });
    await until('it is refused', () => again.of('error').length > 0);
    expect(again.of('error')[0].payload[0].extensions.code).toBe('UNAUTHENTICATED');
    again.webSocket.close();
  });

  it('and one of another manager stays', async () => {
    const one = await WireManager.join(oc.client, 'shared', 'one');
    const other = await WireManager.join(oc.client, 'shared', 'other');
    const ending = await RawSocket.open(one.client);
    const staying = await RawSocket.open(other.client);
    const query = 'query ($id: ID!) { cluster(id: $id) { name } }';
    for (const socket of [ending, staying]) socket.ask(query, { id: one.clusterId });
    await until('both are answered', () => ending.of('next').length + staying.of('next').length === 2);
    await takeName('shared', 'one');
    await until('the one is closed', () => ending.closed);
    staying.ask(query, { id: one.clusterId });
    await until('the other is answered again', () => staying.of('next').length === 2);
    staying.webSocket.close();
  });

  it('that floods is cut off, and what it goes on to say is not done', async () => {
    const token = await WireManager.token(oc.client, { uses: 2 });
    const join = (name: string) => ({
      credential: WireManager.credential(),
      token,
      cluster: { name: `flood-${name}`, kind: 'process' },
      manager: { name, version: '1' },
    });
    const socket = await RawSocket.open(oc.client);
    // Wherever a second ends among them, one has more than 200 of them.
    for (let n = 0; n < 500; n++) socket.webSocket.send('{"type":"ping"}');
    socket.ask(REGISTER, { input: join('late') });
    await until('it is cut off', () => socket.closed);
    expect(socket.closed?.code).toBe(1013);
    // What comes before is done in turn, so this would be done after it.
    expect((await WireManager.register(oc.client, join('last'))).errors).toBeUndefined();
    const { clusters } = await oc.client.data(
      '{ clusters(filter: { search: "flood-" }) { edges { node { name } } } }',
    );
    expect(clusters.edges).toEqual([{ node: { name: 'flood-last' } }]);
  });

  it('that asks for more than it takes is cut off', async () => {
    const socket = await RawSocket.open(oc.client);
    socket.webSocket.pause();
    for (let n = 0; n < 150; n++) socket.ask(getIntrospectionQuery());
    await until('it is cut off', () => {
      // A sign of life: it is not for its silence that it is cut off.
      if (!socket.closed) socket.webSocket.pong();
      return socket.closed;
    });
    expect(socket.closed?.code).toBe(1006);
  });

  it('may follow much at once: what it cannot take at a time waits, without a word of warning', async () => {
    const manager = await WireManager.join(oc.client, 'loud');
    const socket = await RawSocket.open(oc.client);
    const ids = Array.from({ length: 40 }, () => socket.ask(NODES, { clusterId: manager.clusterId }));
    await until('all are open', () => socket.of('next').length >= ids.length);
    const lastOutput = Array.from({ length: 50 }, () => 'x'.repeat(1000));
    for (let n = 0; n < 3; n++) {
      await manager.snapshot(
        running(...Array.from({ length: 10 }, (_, at) => `node-${at}`)).map((node) => ({
          ...node,
          restarts: n,
          lastOutput,
        })),
      );
    }
    await until('all have seen all', () =>
      ids.every((id) =>
        socket.of('next', id).some(({ payload }) => payload.data.topologyChanged.nodes?.length === 10),
      ),
    );
    expect(socket.closed).toBeUndefined();
    expect(oc.program.output).not.toContain('MaxListenersExceededWarning');
    socket.webSocket.close();
  });
});
