import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Load } from '../harness/load.ts';
import { Oc } from '../harness/oc.ts';
import { RealCluster } from '../harness/real-manager.ts';
import { rounds } from '../harness/rounds.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';
import { startPostgres, type PostgresServer } from '../services/postgres-server.ts';
import { providePrograms } from '../services/programs.ts';

const LIVE = `subscription ($since: Revision) {
  topologyChanged(since: $since) {
    __typename
    ... on TopologySnapshot { revision }
    ... on TopologyDelta { revision clusters { name } nodes { name } }
    ... on Bookmark { revision }
  }
}`;
const FILTERED = `subscription {
  topologyChanged(filter: { search: "late" }) { ... on TopologyDelta { clusters { name } } }
}`;
const METRICS = `subscription ($id: ID) {
  metricsReported(clusterId: $id) { nodes { metrics { value } } }
}`;
const AHEAD = { since: '999999999' };
/** Longer than two of the tail's bookmarks are apart. */
const TWO_BOOKMARKS_MS = 11_000;

interface Change {
  __typename: string;
  revision: string;
  clusters?: { name: string }[];
}

describe('PostgreSQL crashes under the OC', () => {
  let postgres: PostgresServer;
  let oc: Oc;
  beforeAll(async () => {
    // As in production: otherwise a crash takes what was answered with it.
    postgres = await startPostgres(await providePrograms(AbortSignal.timeout(60_000)), true);
    oc = await Oc.start({ databaseUrl: postgres.url });
  });
  afterAll(async () => {
    await oc?.stop();
    await postgres?.stop();
  });

  const statusOf = async (path: string) => (await fetch(`${oc.url}${path}`)).status;
  const codeOf = async (query: string) => (await oc.client.send(query)).errors?.[0]?.extensions.code ?? 'OK';
  const refusalOf = async () => {
    const live = oc.client.subscribe(LIVE, AHEAD);
    await until('a refusal', () => live.errors.length > 0);
    live.close();
    return live.errors[0]?.extensions.code;
  };
  const clustersOf = (events: Change[]) =>
    events.flatMap(({ clusters }) => clusters ?? []).map(({ name }) => name);

  /** Asks without pause; answers every code that came, also those of the moments of going and coming back. */
  function askAllTheTime() {
    const codes = new Set<string>();
    let asking = true;
    const asked = (async () => {
      while (asking) {
        codes.add(await codeOf('{ system { name } clusters { totalCount } }'));
        codes.add(await codeOf('mutation { createEnrolmentToken(input: {}) { expiresAt } }'));
        await delay(20);
      }
    })();
    const end = async () => {
      asking = false;
      await asked;
      return [...codes].sort();
    };
    // A story that fails before it has the answer does not leave it asking.
    oc.atEnd(end);
    return end;
  }

  it('that is told as such, nothing is made up meanwhile, and when it is back all goes on by itself', async () => {
    const shop = await RealCluster.start(oc, 'shop', { workers: 2 });
    const before = await shop.pids();
    const live = oc.client.subscribe(LIVE);
    await until('a snapshot', () => live.events.length > 0);
    const filtered = oc.client.subscribe(FILTERED);
    const early = await WireManager.join(oc.client, 'early');
    await early.snapshot(running('n0'));
    await until('what changed', () => clustersOf(live.events).includes('early'));
    const metrics = oc.client.subscribe(METRICS, { id: early.clusterId });
    await until('all have begun', () => filtered.events.length > 0 && metrics.events.length > 0);
    const codes = askAllTheTime();

    await postgres.crash();
    expect(await codeOf('{ system { name } }')).toBe('UNAVAILABLE');
    expect(await statusOf('/readyz')).toBe(503);
    expect(await statusOf('/healthz')).toBe(200);
    expect(await refusalOf(), 'whether the log has it cannot be said').toBe('UNAVAILABLE');
    await until('the feed of metrics knows it', () =>
      oc.program.output.includes('could not look for metrics'),
    );
    const streams = [live, filtered, metrics];
    const told = streams.map(({ events }) => events.length);
    await delay(TWO_BOOKMARKS_MS);
    expect(
      streams.map(({ events }) => events.length),
      'nobody knows that nothing happened',
    ).toEqual(told);
    expect(streams.map(({ ended }) => ended)).toEqual([false, false, false]);

    await postgres.startAgain();
    await until('the OC is ready', async () => (await statusOf('/readyz')) === 200);
    await WireManager.join(oc.client, 'late');
    for (const one of [live, filtered])
      await until('what changed since', () => clustersOf(one.events).includes('late'));
    const samples = [{ name: 'cpu.user', value: 12.5, at: new Date().toISOString() }];
    await early.client.data(
      'mutation ($input: ReportMetricsInput!) { reportMetrics(input: $input) { applied } }',
      { input: { epoch: (await early.renew()).epoch, nodes: [{ name: 'n0', samples }] } },
    );
    await until('what was reported since', () => JSON.stringify(metrics.events).includes('12.5'));
    expect(live.events.filter(({ __typename }: Change) => __typename === 'TopologySnapshot')).toHaveLength(1);
    const revisions = live.events.map(({ revision }: Change) => Number.parseInt(revision, 10));
    expect(revisions).toEqual([...revisions].sort((x, y) => x - y));
    for (const { errors, close } of streams) {
      expect(errors).toEqual([]);
      close();
    }
    expect(await refusalOf()).toBe('RESYNC_REQUIRED');
    expect(await codes()).toEqual(['OK', 'UNAVAILABLE']);

    await until('its manager is heard', async () => {
      const { cluster } = await oc.client.data(
        'query ($id: ID!) { cluster(id: $id) { controlLink status } }',
        {
          id: await shop.id(),
        },
      );
      return cluster.controlLink === 'CONNECTED' && cluster.status === 'HEALTHY';
    });
    expect(await shop.pids(), 'no worker noticed').toEqual(before);
    expect(oc.program.running).toBe(true);
    expect(oc.program.output).not.toMatch(/"level":(50|60)|unhandled/i);
  });

  /** Connections of the OC that the server knows of. */
  const connections = async (): Promise<number> => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ count: number }>(
        `SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'operations-center'`,
      );
      return rows[0]!.count;
    } finally {
      await client.end();
    }
  };
  /** Its pool holds ten at the most; what it gave up under a fault is not to be there besides. */
  const noneLeaked = () => until('no connection was leaked', async () => (await connections()) <= 10);

  it('that hangs: everybody is told UNAVAILABLE, and when it goes on nothing is lost or left behind', async () => {
    const loads = await Promise.all(['hangs-1', 'hangs-2'].map((name) => Load.begin(oc.client, name)));
    for (let round = 0; round < rounds({ short: 1, full: 5 }); round++) {
      const before = loads.map(({ acknowledged }) => acknowledged);
      await until('there is load', () => loads.every((load, n) => load.acknowledged > before[n]! + 5));
      postgres.freeze();
      try {
        // More than there are connections: some wait for the database, the others for a connection.
        const reads = Array.from({ length: 15 }, () => codeOf('{ system { name } clusters { totalCount } }'));
        const writes = Array.from({ length: 5 }, () =>
          codeOf('mutation { createEnrolmentToken(input: {}) { expiresAt } }'),
        );
        expect(new Set(await Promise.all([...reads, ...writes]))).toEqual(new Set(['UNAVAILABLE']));
        expect(await statusOf('/readyz')).toBe(503);
        expect(await statusOf('/healthz')).toBe(200);
      } finally {
        postgres.thaw();
      }
      await until('the OC is ready', async () => (await statusOf('/readyz')) === 200);
      await noneLeaked();
    }
    for (const load of loads) expect(await load.end()).toEqual([]);
    expect(oc.program.output).not.toMatch(/"level":(50|60)|unhandled/i);
  });

  it('again and again under load: the OC lives, is ready by itself, and nothing acknowledged is lost', async () => {
    const loads = await Promise.all(['again-1', 'again-2'].map((name) => Load.begin(oc.client, name)));
    for (let round = 0; round < rounds({ short: 2, full: 20 }); round++) {
      const before = loads.map(({ acknowledged }) => acknowledged);
      await until('there is load', () => loads.every((load, n) => load.acknowledged > before[n]! + 5));
      await postgres.crash();
      await postgres.startAgain();
      await until('the OC is ready', async () => (await statusOf('/readyz')) === 200);
    }
    for (const load of loads) expect(await load.end()).toEqual([]);
    await noneLeaked();
    expect(oc.program.running).toBe(true);
    expect(oc.program.output).not.toMatch(/"level":(50|60)|unhandled/i);
  });
});
