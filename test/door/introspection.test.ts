import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GraphQLFault } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { RawSocket } from '../harness/raw-socket.ts';
import { until } from '../harness/until.ts';

describe.each(['authenticated', 'on', 'off'])('INTROSPECTION=%s', (setting) => {
  const open = setting !== 'off';
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ env: { INTROSPECTION: setting } });
  });
  afterAll(() => oc?.stop());

  /** What is told of a document, over HTTP and over a WebSocket: the same. */
  async function faults(query: string, variables: object = {}): Promise<GraphQLFault[]> {
    const byHttp = (await oc.client.send(query, variables)).errors ?? [];
    const socket = await RawSocket.open(oc.client);
    const id = socket.ask(query, variables);
    await until('it is answered', () => socket.of('error', id).length + socket.of('next', id).length > 0);
    const [refused] = socket.of('error', id);
    const bySocket: GraphQLFault[] = refused
      ? refused.payload
      : (socket.of('next', id)[0].payload.errors ?? []);
    socket.webSocket.close();
    expect(bySocket.map(({ message }) => message)).toEqual(byHttp.map(({ message }) => message));
    return byHttp;
  }

  it(`${open ? 'shows' : 'hides'} the schema, by whichever way it is asked for`, async () => {
    for (const query of [
      getIntrospectionQuery(),
      '{ __type(name: "Cluster") { name } }',
      '{ ...Q } fragment Q on Query { hidden: __schema { queryType { name } } }',
    ]) {
      const told = await faults(query);
      expect(told.every(({ extensions }) => extensions.code === 'INVALID')).toBe(true);
      expect(told.length > 0, query.slice(0, 50)).toBe(!open);
    }
    // What clients need of it is no secret.
    expect(await faults('{ __typename system { __typename } }')).toEqual([]);
  });

  it(`${open ? 'says' : 'does not say'} what was perhaps meant by a wrong name`, async () => {
    const typos: [string, object?][] = [
      ['{ systen { name } }'],
      ['{ system { nam } }'],
      ['{ clusters(firs: 1) { totalCount } }'],
      ['{ clusters(orderBy: WORST_FIRS) { totalCount } }'],
      ['{ system { name } ... on Clusters { name } }'],
      ['query ($order: ClusterOrder) { clusters(orderBy: $order) { totalCount } }', { order: 'WORST_FIRS' }],
      ['query ($f: ClusterFilter) { clusters(filter: $f) { totalCount } }', { f: { serch: 'x' } }],
    ];
    for (const [query, variables] of typos) {
      const told = await faults(query, variables);
      expect(told.length, query).toBeGreaterThan(0);
      expect(
        told.some(({ message }) => /did you mean/i.test(message)),
        JSON.stringify(told),
      ).toBe(open);
    }
  });

  it(`${open ? 'opens' : 'does not open'} GraphiQL`, async () => {
    const page = await fetch(`${oc.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')?.startsWith('text/html') ?? false).toBe(open);
    expect(page.ok).toBe(open);
  });
});
