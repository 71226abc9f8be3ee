import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Subscription } from '../harness/client.ts';
import { bytesHeld } from '../harness/memory.ts';
import { Oc } from '../harness/oc.ts';
import { rounds } from '../harness/rounds.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const live = (what: string) => `subscription ($since: Revision) {
  topologyChanged(since: $since) {
    ... on TopologySnapshot { revision }
    ... on TopologyDelta { revision nodes { ${what} } }
    ... on Bookmark { revision }
  }
}`;
const LIVE = live('name');
/** Much for each node. */
const WIDE = live('name lastOutput');
const NODES = `nodes(first: 500, filter: { clusterId: $id }) { edges { node { name status } } }`;
/** One cluster, to be put together from the snapshot and what follows. */
const WATCH = `subscription ($id: ID!) {
  topologyChanged(clusterId: $id) {
    ... on TopologySnapshot { revision system { ${NODES} } }
    ... on TopologyDelta { revision nodes { name status } }
    ... on Bookmark { revision }
  }
}`;
interface NodeSeen {
  name: string;
  status: string;
}
interface Change {
  revision: string;
  system?: { nodes: { edges: { node: NodeSeen }[] } };
  nodes?: NodeSeen[];
}
const changes = (live: Subscription): Change[] => live.events as Change[];
const namesIn = (live: Subscription): string[] =>
  changes(live)
    .flatMap(({ nodes }) => nodes ?? [])
    .map(({ name }) => name);
/** The status of each node that is there after all these changes. */
function putTogether(all: readonly Change[]): Map<string, string> {
  const state = new Map<string, string>();
  for (const { system, nodes } of all) {
    for (const { name, status } of [
      ...(system?.nodes.edges ?? []).map(({ node }) => node),
      ...(nodes ?? []),
    ]) {
      if (status === 'LEFT') state.delete(name);
      else state.set(name, status);
    }
  }
  return state;
}
const MEGABYTE = 1024 * 1024;

describe('many watch while much happens', () => {
  let oc: Oc;
  const deaf: WebSocket[] = [];
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 600, inspect: true });
  });
  afterAll(async () => {
    for (const socket of deaf) socket.terminate();
    await oc.stop();
  });

  const revision = async (): Promise<string> =>
    (await oc.client.data('{ system { revision } }')).system.revision;

  /** Clusters of that name, and the function by which nodes of the given number appear in one of them. */
  async function growing(name: string, clusters: number, lastOutput: string[] = []) {
    const managers = await Promise.all(
      Array.from({ length: clusters }, (_, n) => WireManager.join(oc.client, `${name}-${n}`)),
    );
    for (const manager of managers) await manager.snapshot(running('first'));
    return async (all: number, atOnce: number) => {
      for (let n = 0; n < all; n += atOnce) {
        const nodes = running(...Array.from({ length: atOnce }, (_, m) => `${name}-${n + m}`));
        await managers[(n / atOnce) % clusters]!.delta(nodes.map((node) => ({ ...node, lastOutput })));
      }
    };
  }

  it('who does not read holds up nobody and costs no memory', async () => {
    const all = rounds({ short: 150, full: 50_000 });
    const lines = rounds({ short: 50, full: 2 });
    const lastOutput = Array.from({ length: lines }, () => 'x'.repeat(900));
    const run = async (name: string) => {
      const grow = await growing(name, rounds({ short: 1, full: 20 }), lastOutput);
      const healthy = Array.from({ length: rounds({ short: 5, full: 100 }) }, () =>
        oc.client.subscribe(LIVE),
      );
      await until('they are subscribed', () => healthy.every(({ events }) => events.length > 0));
      await grow(all, rounds({ short: 5, full: 50 }));
      await until('the healthy have all', () => healthy.every((live) => namesIn(live).length === all));
      for (const live of healthy) live.close();
      return bytesHeld(oc);
    };
    const without = await run('all-read');
    // So many that in the short form too what is kept for them would be more than is allowed.
    while (deaf.length < rounds({ short: 15, full: 1 })) deaf.push(await deafSubscriber(oc));
    expect(((await run('some-do-not')) - without) / MEGABYTE).toBeLessThan(64);
  });

  it('who is cut off again and again sees every change once', async () => {
    const all = rounds({ short: 150, full: 100_000 });
    const grow = await growing('cut', rounds({ short: 1, full: 20 }));
    const begin = await revision();
    const followers = Array.from({ length: rounds({ short: 10, full: 50 }) }, async (_, which) => {
      const seen: string[] = [];
      let since = begin;
      let patience = which + 1;
      while (seen.length < all) {
        const live = oc.client.subscribe(LIVE, { since });
        const enough = Math.min(all - seen.length, patience * rounds({ short: 1, full: 200 }));
        await until('some more', () => namesIn(live).length >= enough);
        live.close();
        for (const name of namesIn(live)) seen.push(name);
        since = changes(live).at(-1)!.revision;
        patience = ((patience * 7) % 23) + 1;
      }
      return seen;
    });
    await grow(all, rounds({ short: 3, full: 50 }));
    const wanted = Array.from({ length: all }, (_, n) => `cut-${n}`).sort();
    for (const seen of await Promise.all(followers)) expect(seen.sort()).toEqual(wanted);
  });

  it('who comes while much is written has in the end what the database has', async () => {
    const names = Array.from({ length: 40 }, (_, n) => `n${n}`);
    const manager = await WireManager.join(oc.client, 'watched');
    await manager.snapshot(running(...names));
    const id = manager.clusterId;
    const statuses = ['RUNNING', 'DOWN', 'STARTING', 'UNHEALTHY', 'LEFT'];
    for (let wave = 0; wave < rounds({ short: 1, full: 10 }); wave++) {
      let writing = true;
      let written = 0;
      const writer = (async () => {
        for (; writing; written += 5) {
          const five = Array.from({ length: 5 }, (_, n) => ({ name: names[(written + n) % names.length]! }));
          const status = statuses[Math.floor(written / names.length) % statuses.length];
          if (status === 'LEFT') await manager.delta([], five);
          else await manager.delta(five.map((node) => ({ ...node, status })));
        }
      })();
      const live: Subscription[] = [];
      while (live.length < rounds({ short: 50, full: 500 })) {
        const before = written;
        for (let n = 0; n < 10; n++) live.push(oc.client.subscribe(WATCH, { id }));
        await until('some more is written', () => written > before + 20);
      }
      await until('all are subscribed', () => live.every(({ events }) => events.length > 0));
      writing = false;
      await writer;
      const end = Number.parseInt(await revision(), 10);
      const isThere = (one: Subscription) => Number.parseInt(changes(one).at(-1)!.revision, 10) >= end;
      await until('all are at the end', () => live.every(isThere));
      const wanted = putTogether([await oc.client.data(`query ($id: ID!) { system { ${NODES} } }`, { id })]);
      for (const one of live) {
        expect(one.errors).toEqual([]);
        expect(putTogether(changes(one))).toEqual(wanted);
        one.close();
      }
    }
  });

  it('who did not read was given up', async () => {
    await until('the server closed them', () => !deaf.some((socket) => establishedOnServer(oc, socket)));
  });
});

/** One that subscribed and then reads nothing any more. */
async function deafSubscriber(oc: Oc): Promise<WebSocket> {
  const socket = new WebSocket(`${oc.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const next = (event: string) => new Promise((resolve) => socket.once(event, resolve));
  await next('open');
  socket.send('{"type":"connection_init"}');
  await next('message');
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: WIDE } }));
  await next('message');
  socket.pause();
  return socket;
}

/** Whether the server's end of the socket still stands, by the operating system's table: its client does not look. */
function establishedOnServer(oc: Oc, socket: WebSocket): boolean {
  const { localPort } = (socket as unknown as { _socket: Socket })._socket;
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  const line = new RegExp(`:${hex(Number(new URL(oc.url).port))} [0-9A-F]+:${hex(localPort!)} 01 `);
  return line.test(readFileSync('/proc/net/tcp', 'utf8'));
}
