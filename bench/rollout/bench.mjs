/**
 * One operation over very many clusters: clusters done a second beside the rate at which the same server takes reports
 * of a command that change nothing but a word; what it costs in memory; and whether a cluster of many costs more than
 * one of few.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { concurrently } from '../concurrently.mjs';
import { graphql } from '../http.mjs';
import { READYING, Manager } from '../manager.mjs';
import { inTurn, pairsOf, rowAside, rowAtLeast, rowAtMost } from '../measure.mjs';
import { startOc } from '../operations-center.mjs';
import { startPostgres } from '../postgres.mjs';
import { SimulatedManager } from './simulated-manager.mjs';

const CLUSTERS = 2000;
const FEW = 200;
const NODES = 50;
/** One in so many is offline. */
const OFFLINE = 20;
const AT_ONCE = 50;
const ROUNDS = 3;
/** So seldom that the looking costs nothing to speak of. */
const LOOK_MS = 100;
const BARE = { connections: 16, seconds: 5 };

const START = 'mutation ($input: StartOperationInput!) { startOperation(input: $input) { id } }';
const SEEN = 'query ($id: ID!) { operation(id: $id) { status commandCounts { status count } } }';
const ABORT = 'mutation ($id: ID!) { abortOperation(input: { operationId: $id }) { id } }';

export default async function* rollout(say) {
  const postgres = await startPostgres();
  const oc = await startOc({ databaseUrl: await postgres.createDatabase() });
  try {
    const nodes = Array.from({ length: NODES }, (_, node) => ({ name: `node-${node}`, status: 'RUNNING' }));
    const joined = await Manager.joinAll(oc.url, CLUSTERS, () => nodes);
    say(`${CLUSTERS} clusters have joined`);
    const fleet = joined.map((manager) => ({ manager, line: new SimulatedManager(oc.url, manager) }));
    const present = fleet.filter((_, index) => index % OFFLINE !== 0);
    const away = fleet.filter((_, index) => index % OFFLINE === 0);
    await concurrently(READYING, away, ({ manager }) => leave(oc.url, manager));
    await concurrently(READYING, present, ({ line }) => line.connect());
    say(`${present.length} are connected, the others have left`);
    const before = memoryOf(oc.child.pid);

    const few = fleet.slice(0, FEW);
    const rounds = await inTurn(ROUNDS, say, {
      ours: () => rollOut(oc.url, fleet),
      bare: () => bareReports(oc.url, present.slice(0, BARE.connections)),
      few: () => rollOut(oc.url, few),
    });
    const what = `${CLUSTERS} clusters of ${NODES} nodes, 1 in ${OFFLINE} offline, ${AT_ONCE} at once`;
    yield rowAtLeast(`${what}; reference: bare reportCommand`, pairsOf(rounds, 'bare'), 'a second', 0.5);
    yield rowAtMost(
      `${what}; reference: ${FEW} clusters`,
      rounds.map(({ ours, few: fewer }) => [1000 / ours, 1000 / fewer]),
      'ms for a cluster',
      1.3,
    );
    yield rowAside(`${what}; reference: before`, [[memoryOf(oc.child.pid), before]], 'MB of the server');
  } finally {
    await oc.stop('SIGKILL');
    await postgres.stop();
  }
}

/** Clusters done a second, from the answer to the start to when only those that are offline are left. */
async function rollOut(url, clusters) {
  const online = clusters.filter((_, index) => index % OFFLINE !== 0).length;
  const id = await start(url, clusters, AT_ONCE);
  const begin = performance.now();
  const before = await doneOf(url, id);
  while ((await doneOf(url, id)) < online) await delay(LOOK_MS);
  const perSecond = (online - before) / ((performance.now() - begin) / 1000);
  await graphql(url, ABORT, { id });
  return perSecond;
}

async function doneOf(url, id) {
  const { operation } = await graphql(url, SEEN, { id });
  return operation.commandCounts.find(({ status }) => status === 'SUCCEEDED')?.count ?? 0;
}

/** Reports a second that say of a running command another word, one after the other for each of these. */
async function bareReports(url, managers) {
  const issued = new Map();
  for (const { line } of managers) line.act = (command) => issued.set(line, command);
  await start(url, managers, managers.length);
  while (issued.size < managers.length) await delay(10);
  const end = performance.now() + BARE.seconds * 1000;
  let reports = 0;
  await Promise.all(
    managers.map(async ({ line }) => {
      for (; performance.now() < end; reports++)
        await line.report(issued.get(line).id, { status: 'RUNNING', waitingFor: `report ${reports}` });
    }),
  );
  for (const { line } of managers) {
    line.act = (command) => line.succeed(command);
    await line.succeed(issued.get(line));
  }
  return reports / BARE.seconds;
}

async function start(url, clusters, clustersAtOnce) {
  const { startOperation } = await graphql(url, START, {
    input: {
      plan: {
        kind: 'ROLLING_RESTART',
        targets: { clusterIds: clusters.map(({ manager }) => manager.clusterId) },
        rollout: { clustersAtOnce },
      },
      reason: 'bench',
      idempotencyKey: `${performance.now()}`,
    },
  });
  return startOperation.id;
}

const leave = (url, { epoch, credential }) =>
  graphql(
    url,
    'mutation ($input: LeaveInput!) { leave(input: $input) { left } }',
    { input: { epoch } },
    credential,
  );

/** Resident memory of a process in MB. */
const memoryOf = (pid) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
