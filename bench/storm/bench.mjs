/** 10,000 changes that 200 managers report all at once: changes a second beside plain INSERTs of the same rows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { Manager } from '../manager.mjs';
import { inTurn, pairsOf, rowAside, rowAtLeast } from '../measure.mjs';
import { startOc } from '../operations-center.mjs';
import { startPostgres } from '../postgres.mjs';
import { emptyTable, insertReport } from './reference.mjs';

const ROUNDS = 3;
const MANAGERS = 200;
const NODES = 1000;
const CHANGED = 50;
const CONNECTIONS = 8;

/** What each manager reports in one round; the unit counts the nodes that are in it. */
const STORMS = [
  {
    kind: 'DELTA',
    name: `${MANAGERS} managers at once, each a delta of ${CHANGED} changed nodes; counted: changed nodes`,
    nodes: (round) => reportOf(round).slice(0, CHANGED),
  },
  {
    kind: 'SNAPSHOT',
    name: `${MANAGERS} managers at once, each a snapshot of ${NODES} nodes of which ${CHANGED} changed; counted: nodes reported`,
    nodes: reportOf,
  },
];

export default async function* storm(say) {
  const postgres = await startPostgres();
  try {
    const databaseUrl = await postgres.createDatabase();
    const pool = new pg.Pool({
      connectionString: await postgres.createDatabase(),
      max: CONNECTIONS,
      idleTimeoutMillis: 0,
    });
    // At the end, or after a failure, the database goes away under idle connections.
    pool.on('error', () => undefined);
    for await (const [name, pairs, unit] of storms(say, databaseUrl, (...query) => pool.query(...query)))
      yield rowAtLeast(`PostgreSQL: ${name}`, pairs, unit, 0.5);
    await pool.end();
  } finally {
    await postgres.stop();
  }
  const folder = mkdtempSync(join(tmpdir(), 'oc-bench-pglite-'));
  const pglite = await PGlite.create(join(folder, 'db'));
  try {
    for await (const [name, pairs, unit] of storms(say, undefined, (...query) => pglite.query(...query)))
      yield rowAside(`PGlite: ${name}`, pairs, unit);
  } finally {
    await pglite.close();
    rmSync(folder, { recursive: true });
  }
}

/** Runs both storms on an OC with that database, and the same rows through `query`. */
async function* storms(say, databaseUrl, query) {
  const oc = await startOc({ databaseUrl });
  try {
    say('joining');
    const managers = await Manager.joinAll(oc.url, MANAGERS, () => reportOf(0));
    // What joining is for ours: the connections are made, the statements are known.
    await insertAll(query, reportOf(0));
    let round = 0;
    for (const { kind, name, nodes } of STORMS) {
      const rounds = await inTurn(ROUNDS, say, {
        ours: async () => {
          const report = nodes(++round);
          Manager.retries = 0;
          const perSecond = await nodesPerSecond(report, MANAGERS, (index) =>
            managers[index].report(kind, report),
          );
          if (Manager.retries > 0) say(`${Manager.retries} reports had to be sent again`);
          return perSecond;
        },
        reference: () => insertAll(query, nodes(round)),
      });
      yield [name, pairsOf(rounds, 'reference'), 'nodes a second'];
    }
  } finally {
    await oc.stop('SIGKILL');
  }
}

/** The reports of all managers into a new table. */
async function insertAll(query, report) {
  for (const statement of emptyTable) await query(statement);
  return nodesPerSecond(report, CONNECTIONS, (index) => insertReport(query, `cluster-${index}`, report));
}

/** Sends one report for each manager, so many at once. */
async function nodesPerSecond(report, atOnce, send) {
  let next = 0;
  const begin = performance.now();
  const worker = async () => {
    for (let index = next++; index < MANAGERS; index = next++) await send(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return Math.round((MANAGERS * report.length) / ((performance.now() - begin) / 1000));
}

/** All nodes of a manager; with each round the first ones have changed. */
function reportOf(round) {
  return Array.from({ length: NODES }, (_, index) => ({
    name: `node-${String(index).padStart(4, '0')}`,
    status: index < CHANGED && round % 2 ? 'STARTING' : 'RUNNING',
    statusReason: index < CHANGED ? `told in round ${round}` : null,
    host: `host-${index}.example`,
    zone: 'abc'[index % 3],
    version: '2.4.1',
    os: 'linux',
    pid: 1000 + index,
    cpuCount: 8,
    memoryTotal: 34_359_738_368,
  }));
}
