/** The topology over HTTP, all of it and a page of very much, while it changes. */
import { join } from 'node:path';
import { graphql, graphqlRequest, requestsPerSecond, send } from '../http.mjs';
import { Manager } from '../manager.mjs';
import { inTurn, pairsOf, rowAtLeast } from '../measure.mjs';
import { startOc } from '../operations-center.mjs';
import { startPostgres } from '../postgres.mjs';
import { startProgram } from '../program.mjs';
import { addNodes, someNodes } from './rows.mjs';

const ROUNDS = 3;
const CLUSTERS = 50;
const NODES = 20;
const MANY_NODES = 500_000;
const CHANGES_A_SECOND = 10;
const LOAD = { connections: 8, seconds: 5, warmUpSeconds: 1.5 };
/** Cursors to draw from: so many that hardly one is asked for twice between two changes. */
const CURSORS = 5000;

const NODE = '{ id name status statusReason host zone }';
const WHOLE = `{ system { clusters(first: ${CLUSTERS}) { edges { node {
  id name kind status statusReason statusSince nodes(first: ${NODES}) { edges { node ${NODE} } }
} } } } }`;
const pageQuery = (total) => `query ($after: String!) {
  system { nodes(first: 50, after: $after) { ${total} edges { node ${NODE} } } }
}`;
const CURSORS_OF = `query ($ids: [ID!]!) {
  system { nodes(first: 500, filter: { ids: $ids }) { edges { cursor node { id } } } }
}`;

export default async function* topology(say) {
  const postgres = await startPostgres();
  const programs = [];
  let stopChanging;
  try {
    const databaseUrl = await postgres.createDatabase();
    const oc = await startOc({ databaseUrl });
    programs.push(oc);
    const reference = await startProgram([join(import.meta.dirname, 'reference.mjs')], {
      DATABASE_URL: databaseUrl,
    });
    programs.push(reference);
    const managers = await Manager.joinAll(oc.url, CLUSTERS, () =>
      Array.from({ length: NODES }, (_, node) => nodeOf(node, 'RUNNING')),
    );
    stopChanging = keepChanging(managers);
    const api = `${oc.url}/graphql`;

    await expectNodes(oc.url, reference.url);
    const whole = await compare(say, {
      ours: () => [api, graphqlRequest(WHOLE)],
      reference: () => [`${reference.url}/topology`],
    });
    const unit = 'requests a second';
    yield rowAtLeast(
      `whole topology, ${CLUSTERS} clusters x ${NODES} nodes, ${CHANGES_A_SECOND} changes a second`,
      whole,
      unit,
      2,
    );

    say(`adding nodes up to ${MANY_NODES}`);
    await addNodes(databaseUrl, MANY_NODES / CLUSTERS - NODES);
    const places = await cursorsOf(oc.url, await someNodes(databaseUrl, CURSORS));
    for (const [name, total, count] of [
      ['without totalCount', '', ''],
      ['with totalCount', 'totalCount', '&count'],
    ]) {
      const pages = await compare(say, {
        ours: () => [api, graphqlRequest(pageQuery(total), { after: draw(places).cursor })],
        reference: () => {
          const { status, name, id } = draw(places);
          return [`${reference.url}/page?${new URLSearchParams({ status, name, id })}${count}`];
        },
      });
      yield rowAtLeast(`page of 50 of ${MANY_NODES} nodes at random cursors, ${name}`, pages, unit, 0.5);
    }
  } finally {
    await stopChanging?.();
    for (const program of programs) await program.stop('SIGKILL');
    await postgres.stop();
  }
}

async function compare(say, requests) {
  const measures = Object.entries(requests).map(([name, next]) => [
    name,
    () => requestsPerSecond({ ...LOAD, next }),
  ]);
  return pairsOf(await inTurn(ROUNDS, say, Object.fromEntries(measures)), 'reference');
}

const nodeOf = (node, status) => ({
  name: `node-${node}`,
  status,
  statusReason: status === 'RUNNING' ? null : 'restarted by its manager',
  host: `host-${node}`,
  zone: 'abc'[node % 3],
});

/**
 * One node after the other, of one cluster after the other, starts and runs again.
 * @returns the function that ends it; resolves when no report is under way any more.
 */
function keepChanging(managers) {
  let count = 0;
  const underWay = new Set();
  const timer = setInterval(() => {
    const node = Math.floor(count / CLUSTERS) % NODES;
    const status = Math.floor(count / (CLUSTERS * NODES)) % 2 ? 'RUNNING' : 'STARTING';
    const report = managers[count++ % CLUSTERS].report('DELTA', [nodeOf(node, status)]);
    underWay.add(report);
    void report.finally(() => underWay.delete(report));
  }, 1000 / CHANGES_A_SECOND);
  return async () => {
    clearInterval(timer);
    await Promise.all(underWay);
  };
}

/** Both answer with all that there is: a fast answer that lacks something would be no answer. */
async function expectNodes(ocUrl, referenceUrl) {
  const { system } = await graphql(ocUrl, WHOLE);
  const ours = system.clusters.edges.flatMap(({ node }) => node.nodes.edges);
  const theirs = JSON.parse((await send(`${referenceUrl}/topology`)).body).flatMap(({ nodes }) => nodes);
  if (ours.length !== CLUSTERS * NODES || theirs.length !== ours.length)
    throw new Error(`${ours.length} and ${theirs.length} nodes were answered`);
}

/** Adds to nodes the cursors that the API gives them. */
async function cursorsOf(url, nodes) {
  const cursors = new Map();
  for (let from = 0; from < nodes.length; from += 500) {
    const ids = nodes.slice(from, from + 500).map(({ id }) => id);
    const { system } = await graphql(url, CURSORS_OF, { ids });
    for (const { cursor, node } of system.nodes.edges) cursors.set(node.id, cursor);
  }
  return nodes.map((node) => ({ ...node, cursor: cursors.get(node.id) }));
}

const draw = (list) => list[Math.floor(Math.random() * list.length)];
