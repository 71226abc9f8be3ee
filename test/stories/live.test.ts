import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const LIVE = `subscription ($since: Revision, $clusterId: ID) {
  topologyChanged(since: $since, clusterId: $clusterId) {
    __typename
    ... on TopologySnapshot { revision system { status clusterCounts { status count } } }
    ... on TopologyDelta { revision system { status } clusters { name status } nodes { name status cluster { name } } operations { id status } }
    ... on Bookmark { revision at }
  }
}`;

interface Change {
  __typename: string;
  revision: string;
  nodes?: { name: string; status: string }[];
}

describe('what changes is told live', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 120 });
  });
  afterAll(() => oc.stop());

  const nodesOf = (events: Change[]) =>
    events.flatMap(({ nodes }) => nodes ?? []).map(({ name, status }) => `${name} ${status}`);

  it('a snapshot first, then what changed as it is now', async () => {
    const live = oc.client.subscribe(LIVE);
    await until('a snapshot', () => live.events.length > 0);
    expect(live.events[0]).toMatchObject({ __typename: 'TopologySnapshot', system: { status: 'EMPTY' } });
    const manager = await WireManager.join(oc.client, 'seen');
    await manager.snapshot(running('a', 'b'));
    await until('both nodes', () => nodesOf(live.events).length >= 2);
    await manager.delta([{ name: 'a', status: 'DOWN', statusReason: 'gone' }]);
    await until('the fault', () => nodesOf(live.events).includes('a DOWN'));
    const revisions = live.events.map(({ revision }: Change) => Number.parseInt(revision, 10));
    expect(revisions).toEqual([...revisions].sort((x, y) => x - y));
    live.close();
  });

  it('and after a break from where one was, without gap or repetition', async () => {
    const manager = await WireManager.join(oc.client, 'resumed');
    await manager.snapshot(running('n0'));
    const first = oc.client.subscribe(LIVE);
    await until('a snapshot', () => first.events.length > 0);
    const since = first.events[0].revision;
    first.close();
    for (let n = 1; n <= 5; n++) await manager.delta(running(`n${n}`));
    const resumed = oc.client.subscribe(LIVE, { since });
    await until('all five', () => nodesOf(resumed.events).length >= 5);
    expect(nodesOf(resumed.events).sort()).toEqual([1, 2, 3, 4, 5].map((n) => `n${n} RUNNING`));
    expect(resumed.events.map(({ __typename }: Change) => __typename)).not.toContain('TopologySnapshot');
    resumed.close();
  });

  it('and of one cluster only, when one is asked for', async () => {
    const mine = await WireManager.join(oc.client, 'mine');
    const other = await WireManager.join(oc.client, 'other');
    const live = oc.client.subscribe(LIVE, { clusterId: mine.clusterId });
    await until('a snapshot', () => live.events.length > 0);
    await other.snapshot(running('theirs'));
    await mine.snapshot(running('ours'));
    await until('our node', () => nodesOf(live.events).includes('ours RUNNING'));
    expect(nodesOf(live.events)).toEqual(['ours RUNNING']);
    live.close();
  });

  it('and a revision from another history asks for a new start', async () => {
    const live = oc.client.subscribe(LIVE, { since: '999999999' });
    await until('a refusal', () => live.errors.length > 0);
    expect(live.errors[0]?.extensions.code).toBe('RESYNC_REQUIRED');
    for (const since of ['-1', 'x', '99999999999999999999']) {
      const bad = oc.client.subscribe(LIVE, { since });
      await until('a refusal', () => bad.errors.length > 0);
      expect(bad.errors[0]?.extensions.code, since).toBe('INVALID');
    }
  });

  it('and silence is told from loss by bookmarks', async () => {
    const live = oc.client.subscribe(LIVE);
    await until('a bookmark', () => live.events.some(({ __typename }: Change) => __typename === 'Bookmark'));
    live.close();
  });

  it('over server-sent events as well', async () => {
    const stop = new AbortController();
    const response = await fetch(`${oc.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: LIVE }),
      signal: stop.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('TopologySnapshot')) text += (await reader.read()).value ?? '';
    const manager = await WireManager.join(oc.client, 'by-sse');
    await manager.snapshot(running('streamed'));
    while (!text.includes('streamed')) text += (await reader.read()).value ?? '';
    expect(text).toContain('event: next');
    stop.abort();
  });

  it('and a socket with a wrong credential gets a typed error, not a broken socket', async () => {
    const live = oc.client.as('ocm_nobody').subscribe(LIVE);
    await until('a refusal', () => live.errors.length > 0);
    expect(live.errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    live.close();
  });

  it('and a page from elsewhere gets no socket', async () => {
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(`${oc.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      origin: 'http://evil.example',
    });
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
      socket.on('error', () => undefined);
    });
    expect(status).toBe(403);
  });

  it('to many at once, who all end with the same state', async () => {
    const manager = await WireManager.join(oc.client, 'crowded');
    await manager.snapshot(running('x'));
    const all = Array.from({ length: 20 }, () => oc.client.subscribe(LIVE, { clusterId: manager.clusterId }));
    await until('all are subscribed', () => all.every(({ events }) => events.length > 0));
    for (let n = 0; n < 20; n++) await manager.delta([{ name: 'x', status: n % 2 ? 'RUNNING' : 'DOWN' }]);
    await manager.delta([{ name: 'x', status: 'UNHEALTHY' }]);
    await until('all have the last', () =>
      all.every(({ events }) => nodesOf(events).at(-1) === 'x UNHEALTHY'),
    );
    for (const live of all) live.close();
  });
});
