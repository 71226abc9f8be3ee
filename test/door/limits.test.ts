import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Socket } from 'node:net';
import type { GraphQLFault } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { apiKey } from '../harness/people.ts';
import { knock } from '../harness/raw-http.ts';
import { RawSocket } from '../harness/raw-socket.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

/** A connection that begins something and takes its time. */
class Slow {
  readonly socket: Socket;
  answer = '';
  ended = false;

  constructor(url: string, ...pieces: string[]) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    for (const piece of pieces) this.socket.write(piece);
    this.socket.on('data', (data) => (this.answer += data.toString()));
    this.socket.on('close', () => (this.ended = true)).on('error', () => undefined);
  }

  /** Goes on for ever, a byte a second. */
  trickle(byte: string): this {
    const timer = setInterval(() => this.socket.write(byte), 1000);
    this.socket.on('close', () => clearInterval(timer));
    return this;
  }
}

const HEAD = 'POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n';

describe('whoever asks for too much', () => {
  let oc: Oc;
  let slow: Record<'head' | 'body' | 'chunks' | 'socket' | 'bytesOfHead' | 'bytesOfBody', Slow>;
  beforeAll(async () => {
    oc = await Oc.start();
    // They take as long as they are let; what else there is to see is seen meanwhile.
    slow = {
      head: new Slow(oc.url, HEAD),
      body: new Slow(oc.url, `${HEAD}Content-Length: 100\r\n\r\n`, '{"query"'),
      chunks: new Slow(oc.url, `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '8\r\n{"query"\r\n'),
      bytesOfHead: new Slow(oc.url, HEAD, 'X-Long: ').trickle('x'),
      bytesOfBody: new Slow(oc.url, `${HEAD}Content-Length: 1000\r\n\r\n`).trickle('{'),
      socket: new Slow(
        oc.url,
        'GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
          'Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
      ),
    };
  });
  afterAll(() => oc?.stop());

  const many = (n: number, text: (at: number) => string) =>
    Array.from({ length: n }, (_, at) => text(at)).join(' ');
  const doubling = (n: number) =>
    `{ cluster(id: "1") { ...F0 } } ${many(
      n,
      (at) =>
        `fragment F${at} on Cluster { a: primary { cluster { ...F${at + 1} } } b: primary { cluster { ...F${at + 1} } } }`,
    )} fragment F${n} on Cluster { id }`;
  const clusters = 'clusters(first: 500) { edges { node { nodes(first: 500) { edges { node { id } } } } } }';
  const excessive: [string, string, object][] = [
    ['aliases', `{ ${many(50_000, (at) => `a${at}: __typename`)} }`, { limit: 'characters' }],
    [
      'aliases in little space',
      `{ ${many(51, (at) => `a${at}: __typename`)} }`,
      { limit: 'aliases', allowed: 50 },
    ],
    [
      'root fields',
      `{ ${many(21, (at) => `a${at}: system { name }`)} }`,
      { limit: 'root fields', allowed: 20 },
    ],
    [
      'root fields in fragments',
      `{ ...Q ...Q ...Q } fragment Q on Query { ${many(8, (at) => `a${at}: system { name }`)} }`,
      { limit: 'root fields' },
    ],
    [
      'mutations at once',
      `mutation { ${many(21, (at) => `a${at}: abortOperation(input: { operationId: "1" }) { id }`)} }`,
      { limit: 'root fields' },
    ],
    [
      'directives',
      `{ system { name ${many(51, () => '@include(if: true)')} } }`,
      { limit: 'directives', allowed: 50 },
    ],
    ['tokens', `{ system { ${many(2000, () => 'name')} } }`, { limit: 'tokens', allowed: 2000 }],
    [
      'depth',
      `{ system ${'{ ... on System '.repeat(41)} { name } ${'}'.repeat(41)} }`,
      { limit: 'levels', allowed: 40 },
    ],
    [
      'depth of a value',
      `{ clusters(filter: { kind: ${'['.repeat(41)}${']'.repeat(41)} }) { totalCount } }`,
      { limit: 'levels' },
    ],
    ['depth through fragments', doubling(21), { limit: 'depth', allowed: 40 }],
    ['fragments that double', doubling(16), { allowed: 250_000 }],
    [
      'fragments in a circle',
      '{ system { ...A } } fragment A on System { ...B } fragment B on System { ...A }',
      {},
    ],
    ['cost', `{ ${clusters} }`, { field: 'clusters.edges.node.nodes', cost: 751_501, allowed: 250_000 }],
    [
      'cost by events',
      'subscription { topologyChanged { ... on TopologySnapshot { system { ' + clusters + ' } } } }',
      { field: 'topologyChanged.system.clusters.edges.node.nodes' },
    ],
  ];

  it.each(excessive)(
    'is refused, on HTTP and WebSocket alike, with the limit and what is allowed: %s',
    async (_what, query, more) => {
      const socket = await RawSocket.open(oc.client);
      const byHttp = await oc.client.fault(query);
      const id = socket.ask(query);
      await until('it is refused', () => socket.of('error', id).length > 0);
      const [bySocket] = socket.of('error', id)[0].payload as GraphQLFault[];
      for (const { extensions } of [byHttp, bySocket!])
        expect(extensions).toMatchObject({ code: 'INVALID', ...more });
      expect(bySocket!.message).toBe(byHttp.message);
      expect(socket.closed, 'only what was too much ends').toBeUndefined();
      socket.webSocket.close();
    },
  );

  it('by variables is refused as well, and what it says is what it costs', async () => {
    const query = `query ($n: Int, $m: Int = 500) {
      clusters(first: $n) { edges { node { nodes(first: $m) { edges { node { id } } } } } }
    }`;
    expect((await oc.client.fault(query, { n: 500 })).message).toBe(
      'The operation costs 751,501, so many values its answer could have, and may cost 250,000. ' +
        'Most of it is clusters.edges.node.nodes: ask for smaller pages.',
    );
    // What was refused once is not refused for ever: it is the sizes that cost.
    for (const variables of [{ n: 500, m: 100 }, { n: 100 }]) await oc.client.data(query, variables);
    expect((await oc.client.fault(query, { n: 500 })).extensions.code).toBe('INVALID');
  });

  it('by many requests in one, or a list that is too long, is refused', async () => {
    const batch = await knock(
      oc.url,
      'POST /graphql',
      { 'Content-Type': 'application/json' },
      JSON.stringify([{ query: '{ system { name } }' }, { query: '{ system { name } }' }]),
    );
    expect(batch.status).toBe(400);
    const ids = Array.from({ length: 10_001 }, (_, at) => String(at));
    const query = 'query ($ids: [ID!]) { clusters(filter: { ids: $ids }) { totalCount } }';
    expect((await oc.client.fault(query, { ids })).extensions).toMatchObject({
      code: 'INVALID',
      field: 'filter.ids',
    });
  });

  it('by a body above the limit is refused, also when nobody says how long it is', async () => {
    const inChunks = (...texts: string[]) =>
      fetch(`${oc.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: new ReadableStream({
          start(controller) {
            for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
            controller.close();
          },
        }),
        duplex: 'half',
      } as RequestInit);
    const small = await inChunks('{"query":"{ system', ' { name } }"}');
    expect(await small.json()).toEqual({ data: { system: { name: 'System' } } });
    // Above what may be a query that is kept, below the limit.
    const report = await inChunks(
      '{"query":"{ system { name } }","extensions":{"x":"',
      'x'.repeat(500_000),
      '"}}',
    );
    expect(await report.json()).toMatchObject({ data: { system: { name: 'System' } } });
    const large = await inChunks('{"query":"{ system { name } }","x":"', 'x'.repeat(1024 * 1024), '"}');
    expect(large.status).toBe(413);
    expect(await large.json()).toMatchObject({ errors: [{ extensions: { code: 'INVALID' } }] });
  });

  it('by taking its time is cut off: with the head, the body, or the first message of a socket', async () => {
    await until('all are cut off', () => Object.values(slow).every(({ ended }) => ended));
    for (const name of ['head', 'body', 'chunks'] as const) {
      expect(slow[name].answer, name).toMatch(/^HTTP\/1\.1 408 /);
    }
    expect(slow.socket.answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(slow.socket.answer).toContain('Connection initialisation timeout');
  });
});

describe('connections from one address', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ env: { ADDRESS_CONNECTIONS: '5' } });
  });
  afterAll(() => oc.stop());

  /** Asks on a connection that stays open. */
  const open = async (localAddress: string) => {
    const socket = connect({ port: Number(new URL(oc.url).port), host: '127.0.0.1', localAddress });
    let answer = '';
    let ended = false;
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('error', () => undefined).on('close', () => (ended = true));
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until('it is answered, or ended', () => ended || answer.includes('"ok"'));
    return { socket, served: !ended };
  };

  it('that take nothing end with the right to what they were to take', async () => {
    const { id, client } = await apiKey(oc.client, [{ role: 'VIEWER' }]);
    const manager = await WireManager.join(oc.client, 'loud');
    const lastOutput = Array.from({ length: 50 }, () => 'x'.repeat(900));
    await manager.snapshot(
      running(...Array.from({ length: 15 }, (_, n) => `n${n}`)).map((node) => ({ ...node, lastOutput })),
    );
    // More than the connection takes while nobody reads.
    const outputs = Array.from({ length: 40 }, (_, n) => `o${n}: lastOutput`).join(' ');
    const query = `subscription { topologyChanged { ... on TopologySnapshot {
      system { nodes(first: 15) { edges { node { ${outputs} } } } }
    } } }`;
    const body = JSON.stringify({ query });
    const localAddress = '127.0.0.4';
    const deaf = connect({ port: Number(new URL(oc.url).port), host: '127.0.0.1', localAddress });
    deaf.on('error', () => undefined);
    let taken = 0;
    deaf.on('data', (data) => {
      taken += data.length;
      if (taken > 10_000) deaf.pause();
    });
    deaf.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n' +
        `Authorization: Bearer ${client.credential}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await until('it takes no more', () => deaf.isPaused());
    const held = [];
    for (let n = 0; n < 4; n++) held.push(await open(localAddress));
    expect((await open(localAddress)).served, 'it holds a connection').toBe(false);
    await oc.client.data('mutation ($id: ID!) { revokeApiKey(id: $id) { status } }', { id });
    const next = await until('it holds none any more', async () => {
      const one = await open(localAddress);
      return one.served ? one : undefined;
    });
    for (const { socket } of [...held, next, { socket: deaf }]) socket.destroy();
  });

  it('are ended when they are too many, and keep nobody else out', async () => {
    const held = [];
    for (let n = 0; n < 5; n++) held.push(await open('127.0.0.2'));
    expect(held.map(({ served }) => served)).toEqual(Array(5).fill(true));
    expect((await open('127.0.0.2')).served).toBe(false);
    const other = await open('127.0.0.3');
    expect(other.served).toBe(true);
    held[0]!.socket.destroy();
    const next = await until('one that has ended makes room', async () => {
      const one = await open('127.0.0.2');
      return one.served ? one : undefined;
    });
    for (const { socket } of [...held, other, next]) socket.destroy();
  });
});
