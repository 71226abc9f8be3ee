/** 2,000 managers lose the OC at the same moment: how soon all are back, and what is shown of them meanwhile. */
import { setTimeout as delay } from 'node:timers/promises';
import { graphql } from '../http.mjs';
import { Manager } from '../manager.mjs';
import { p99, rowWithin } from '../measure.mjs';
import { startOc } from '../operations-center.mjs';
import { startPostgres } from '../postgres.mjs';
import { ConnectedManager } from './connected-manager.mjs';

const MANAGERS = 2000;
const NODES = 5;
/** The OC's default, so the grace is 15 s. */
const LEASE_SECONDS = 10;
const GRACE_MS = 1.5 * LEASE_SECONDS * 1000;
const MOST_SECONDS = 60;
/** All are to be connected before the cut, and are given so long for it. */
const SETTLE_MS = 30_000;
const QUERY =
  '{ system { clusterCounts { status count } } clusters(first: 50) { edges { node { name status } } } }';

export default async function* reconnect(say) {
  const postgres = await startPostgres();
  const databaseUrl = await postgres.createDatabase();
  const env = { LEASE_SECONDS: String(LEASE_SECONDS) };
  let oc = await startOc({ databaseUrl, env });
  try {
    const { url } = oc;
    const connected = [];
    await Manager.joinAll(
      url,
      MANAGERS,
      () => Array.from({ length: NODES }, (_, node) => ({ name: `node-${node}`, status: 'RUNNING' })),
      (manager) => {
        connected.push(new ConnectedManager(url, manager));
        if (connected.length % 500 === 0) say(`${connected.length} managers have joined`);
      },
    );
    const settled = await untilAllBack(connected, 0, SETTLE_MS);
    const before = (await look(url)).unknown;
    say(`before the cut ${settled.count} of ${MANAGERS} are connected, ${before} clusters are UNKNOWN`);

    await oc.stop('SIGKILL');
    const cut = performance.now();
    oc = await startOc({ databaseUrl, env: { ...env, PORT: new URL(url).port } });
    const graceEnds = performance.now() + GRACE_MS;
    const watched = watch(url, graceEnds);
    const { count, lastAt } = await untilAllBack(connected, cut, 2 * MOST_SECONDS * 1000);
    // Silence is looked for four times a lease: a whole lease after the grace it has been found.
    await delay(Math.max(0, graceEnds + LEASE_SECONDS * 1000 - performance.now()));
    const { falselyUnknown, latencies, failed } = await watched.end();

    const seconds = count === MANAGERS ? (lastAt - cut) / 1000 : Infinity;
    say(`${count} of ${MANAGERS} are back; ${failed} of ${latencies.length + failed} queries failed`);
    const what = `${MANAGERS} managers cut by SIGKILL of the server, lease ${LEASE_SECONDS} s`;
    yield rowWithin(
      `${what}: until all renew and hold their line`,
      Math.min(seconds, 2 * MOST_SECONDS),
      'seconds from the cut',
      `<= ${MOST_SECONDS}`,
      MOST_SECONDS,
      seconds <= MOST_SECONDS,
    );
    yield rowWithin(
      `${what}: shown UNKNOWN after the grace`,
      falselyUnknown,
      'clusters',
      '= 0',
      0,
      falselyUnknown === 0,
    );
    yield rowWithin(`${what}: p99 of a query meanwhile`, p99(latencies), 'ms', null, null, true);
  } finally {
    await oc.stop('SIGKILL');
    await postgres.stop();
  }
}

/** How many are back since the cut, and when the last of them was. */
async function untilAllBack(connected, cut, patienceMs) {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const back = connected.filter((manager) => manager.isBackSince(cut)).length;
    if (back === connected.length || performance.now() > deadline)
      return { count: back, lastAt: performance.now() };
    await delay(50);
  }
}

/** What an operator is told, and how long it takes, milliseconds. */
async function look(url) {
  const begin = performance.now();
  const { system } = await graphql(url, QUERY);
  const unknown = system.clusterCounts.find(({ status }) => status === 'UNKNOWN')?.count ?? 0;
  return { unknown, took: performance.now() - begin };
}

/** Looks five times a second from the restart on. */
function watch(url, graceEnds) {
  const latencies = [];
  let falselyUnknown = 0;
  let failed = 0;
  let over = false;
  const watching = (async () => {
    while (!over) {
      try {
        const { unknown, took } = await look(url);
        latencies.push(took);
        if (performance.now() > graceEnds) falselyUnknown = Math.max(falselyUnknown, unknown);
      } catch {
        failed++;
      }
      await delay(200);
    }
  })();
  return {
    async end() {
      over = true;
      await watching;
      return { falselyUnknown, latencies, failed };
    },
  };
}
