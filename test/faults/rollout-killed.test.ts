import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../harness/client.ts';
import { dutyHolder } from '../harness/duty-holder.ts';
import { Oc } from '../harness/oc.ts';
import { startOperation, type StepSeen } from '../harness/operation.ts';
import { unpaged } from '../harness/operator.ts';
import { RealCluster } from '../harness/real-manager.ts';
import { onceEach } from '../harness/rolling.ts';
import { rounds } from '../harness/rounds.ts';
import { until } from '../harness/until.ts';

const NAMES = ['one', 'two', 'three'];
const WORKERS = 2;
const SEEN = `query ($id: ID!) { operation(id: $id) {
  status statusReason
  waves { name status }
  commands { edges { node {
    status statusReason attempt cluster { name }
    steps { edges { node { nodeName batch status reason output instanceBefore instanceAfter startedAt finishedAt } } }
  } } }
} }`;

interface Seen {
  status: string;
  waves: { status: string }[];
  commands: { status: string; cluster: { name: string }; steps: StepSeen[] }[];
}

const hasEnded = ({ status }: Seen): boolean => ['SUCCEEDED', 'FAILED', 'ABORTED'].includes(status);

/** On PostgreSQL there are two servers, of which one carries operations on. */
const SERVERS = process.env['OC_TEST_DATABASE'] === 'postgres' ? 2 : 1;

describe('a rolling restart in three waves of which somebody is killed at every step', () => {
  const servers: Oc[] = [];
  let database: pg.Client | undefined;
  const clusters: RealCluster[] = [];

  beforeAll(async () => {
    servers.push(await Oc.start({ leaseSeconds: 4 }));
    const [first] = servers as [Oc];
    for (let n = 1; n < SERVERS; n++) servers.push(await Oc.start({ leaseSeconds: 4, databaseOf: first }));
    if (first.databaseUrl) {
      database = new pg.Client({ connectionString: first.databaseUrl });
      await database.connect();
    }
    for (const [index, name] of NAMES.entries()) {
      const { url: ocUrl } = servers[index % SERVERS]!;
      clusters.push(
        await RealCluster.start(first, name, { workers: WORKERS, env: { START_MS: '300' }, ocUrl }),
      );
    }
  });
  afterAll(async () => {
    await database?.end();
    for (const oc of servers.reverse()) await oc.stop();
  });

  /** Those who answer are asked; a server that was killed has been started again by then. */
  const see = async (client: Client, id: string): Promise<Seen> =>
    unpaged((await client.data(SEEN, { id })).operation) as Seen;
  const begun = ({ commands }: Seen): number =>
    commands
      .flatMap(({ steps }) => steps)
      .filter(({ status }) => status !== 'PENDING' && status !== 'WAITING').length;

  /** The server that carries operations on. */
  async function killServer(): Promise<void> {
    const victim = database
      ? await until('one has the duty', () => dutyHolder(database!, servers))
      : servers[0]!;
    await victim.kill('SIGKILL');
    await victim.boot();
  }
  /** Of the cluster whose turn it is. */
  async function killManager({ commands }: Seen): Promise<void> {
    const open = commands.find(({ status }) => status !== 'SUCCEEDED') ?? commands.at(-1)!;
    const cluster = clusters.find(({ name }) => name === open.cluster.name)!;
    const name = `${cluster.name}-m1`;
    await cluster.managers.get(name)!.kill('SIGKILL');
    await cluster.startManager(name);
  }

  for (const [whom, kill] of [
    ['the server', (): Promise<void> => killServer()],
    ['the manager', killManager],
    ['both in turn', (seen: Seen, step: number) => (step % 2 ? killServer() : killManager(seen))],
  ] as const) {
    // In short the third alone: it has the others' moments.
    if (rounds({ short: 1, full: 2 }) === 1 && whom !== 'both in turn') continue;
    it(`${whom}: it ends, and each node was restarted once`, async () => {
      for (let round = 0; round < rounds({ short: 1, full: 10 }); round++) {
        const { client } = servers[0]!;
        const before = await Promise.all(clusters.map((cluster) => cluster.pids()));
        const id = await startOperation(client, {
          kind: 'ROLLING_RESTART',
          targets: { clusterIds: await Promise.all(clusters.map((cluster) => cluster.id())) },
          rollout: { waves: NAMES.map((name) => ({ name, clusterNames: [name] })) },
          rolling: { batchSize: { count: 1 }, maxUnavailable: { count: 1 }, healthTimeoutSeconds: 30 },
        });
        for (let step = 1; step <= NAMES.length * WORKERS; step++) {
          const seen = await until(`step ${step} has begun`, async () => {
            const now = await see(client, id);
            return (hasEnded(now) || begun(now) >= step) && now;
          });
          // Anywhere in it.
          await delay(Math.random() * 400);
          await kill(seen, step);
        }
        const ended = await until('it ends', async () => {
          const now = await see(client, id);
          return hasEnded(now) && now;
        });
        expect(ended, JSON.stringify(ended)).toMatchObject({
          status: 'SUCCEEDED',
          waves: NAMES.map((name) => ({ name, status: 'SUCCEEDED' })),
        });
        expect(ended.commands.map(({ cluster: { name } }) => name)).toEqual(NAMES);
        for (const [index, cluster] of clusters.entries())
          await onceEach(cluster, before[index]!, ended.commands[index]!.steps);
      }
    });
  }
});
