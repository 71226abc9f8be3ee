/** Deliveries a second of changes to 1,000 subscribers, and how long a change takes to reach each of them. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Manager } from '../manager.mjs';
import { inTurn, p99, pairsOf, rowAtLeast, rowAtMost } from '../measure.mjs';
import { startOc } from '../operations-center.mjs';
import { startPostgres } from '../postgres.mjs';
import { ask, startProgram } from '../program.mjs';
import { FIELDS, changeOf } from './event.mjs';

const ROUNDS = 3;
const SUBSCRIBERS = 1000;
/** So many changes are under way at once: enough that the server always finds some to be told together. */
const MANAGERS = 64;
const NODES = 10;
const WARM_UP_MS = 3000;
const SECONDS = 5;
const CHANGES_A_SECOND = 10;
/** After the last change, for those who are behind; who has not got it then counts as if it came at that moment. */
const PATIENCE_MS = 10_000;

const OURS = `subscription { topologyChanged { ... on TopologyDelta { revision nodes { ${FIELDS} } } } }`;
const MERCURIUS = `subscription { nodeChanged { ${FIELDS} } }`;

export default async function* fanout(say) {
  const postgres = await startPostgres();
  try {
    const deliveries = await inTurn(ROUNDS, say, {
      ours: () => withOurs(postgres, deliveriesOfOurs),
      bare: () => withReference('bare.mjs', OURS, deliveriesOfReference),
      mercurius: () => withReference('mercurius.mjs', MERCURIUS, deliveriesOfReference),
    });
    const what = `deliveries to ${SUBSCRIBERS} subscribers; reference`;
    const unit = 'node events received a second';
    yield rowAtLeast(`${what}: bare ws`, pairsOf(deliveries, 'bare'), unit, 3);
    yield rowAtLeast(`${what}: Mercurius`, pairsOf(deliveries, 'mercurius'), unit, 9);
    const latency = await inTurn(ROUNDS, say, {
      ours: () => withOurs(postgres, (clients, managers) => latencyOf(clients, changes(managers))),
      bare: () => withReference('bare.mjs', OURS, (clients, server) => latencyOf(clients, sends(server))),
    });
    const pairs = pairsOf(latency, 'bare');
    yield rowAtMost(
      'p99 latency',
      pairs,
      `ms from commit to receipt, ${CHANGES_A_SECOND} changes a second`,
      2,
    );
  } finally {
    await postgres.stop();
  }
}

async function withOurs(postgres, measure) {
  const oc = await startOc({ databaseUrl: await postgres.createDatabase() });
  try {
    const managers = await Manager.joinAll(oc.url, MANAGERS, () =>
      Array.from({ length: NODES }, (_, node) => changeOf(0, `node-${node}`)),
    );
    return await withClients(oc.url, OURS, (clients) => measure(clients, managers));
  } finally {
    await oc.stop('SIGKILL');
  }
}

async function withReference(file, query, measure) {
  const server = await startProgram([join(import.meta.dirname, file)], {}, true);
  try {
    return await withClients(server.url, query, (clients) => measure(clients, server));
  } finally {
    await server.stop('SIGKILL');
  }
}

async function withClients(url, query, measure) {
  const child = fork(join(import.meta.dirname, 'clients.mjs'));
  try {
    const where = `${url.replace('http', 'ws')}/graphql`;
    await ask({ child }, { act: 'subscribe', url: where, count: SUBSCRIBERS, query });
    return await measure({ child });
  } finally {
    child.kill('SIGKILL');
  }
}

async function deliveriesOfOurs(clients, managers) {
  let over = false;
  const next = changes(managers);
  // Each manager reports the next change as soon as the one before is answered.
  const publishing = managers.map(async (manager) => {
    while (!over) await next(manager);
  });
  try {
    return await deliveries(clients);
  } finally {
    over = true;
    await Promise.all(publishing);
  }
}

async function deliveriesOfReference(clients, server) {
  await ask(server, { act: 'saturate', number: 1 });
  return deliveries(clients);
}

async function deliveries(clients) {
  await delay(WARM_UP_MS);
  const { perSecond, silent, closed } = await ask(clients, { act: 'count', seconds: SECONDS });
  if (closed) throw new Error(`A subscriber was closed: ${closed}`);
  if (silent === SUBSCRIBERS) throw new Error('No subscriber heard anything.');
  return Math.round(perSecond);
}

/** Makes one change after the other, told by the manager whose turn it is or by the one that is given. */
function changes(managers) {
  let last = 0;
  return async (manager = managers[last % MANAGERS]) => {
    const number = ++last;
    const node = Math.floor(number / MANAGERS) % NODES;
    await manager.report('DELTA', [changeOf(number, `node-${node}`)]);
    return { number, at: now() };
  };
}

function sends(server) {
  let last = 0;
  return async () => {
    const number = ++last;
    const { at } = await ask(server, { act: 'send', number });
    return { number, at };
  };
}

/** p99 over all changes and all subscribers, milliseconds. */
async function latencyOf(clients, change) {
  for (let warmUp = 0; warmUp < 2 * CHANGES_A_SECOND; warmUp++) {
    await change();
    await delay(1000 / CHANGES_A_SECOND);
  }
  await ask(clients, { act: 'watch' });
  const published = [];
  for (let count = 0; count < 2 * SECONDS * CHANGES_A_SECOND; count++) {
    published.push(change());
    await delay(1000 / CHANGES_A_SECOND);
  }
  const commits = await Promise.all(published);
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { receipts, now: latest, closed } = await ask(clients, { act: 'receipts' });
    if (closed) throw new Error(`A subscriber was closed: ${closed}`);
    const missing = commits.some(({ number }) => (receipts[number]?.length ?? 0) < SUBSCRIBERS);
    if (!missing || performance.now() > deadline)
      return p99(commits.flatMap(({ number, at }) => latencies(receipts[number] ?? [], at, latest)));
    await delay(500);
  }
}

const latencies = (receipts, at, latest) =>
  Array.from({ length: SUBSCRIBERS }, (_, index) => (receipts[index] ?? latest) - at);

/** As in clients.mjs. */
const now = () => Number(process.hrtime.bigint()) / 1e6;
