import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../harness/client.ts';
import { startClocked, type ClockedOc } from '../harness/clocked-oc.ts';
import { startOperation } from '../harness/operation.ts';
import { rounds } from '../harness/rounds.ts';
import { SimulatedManager } from '../harness/simulated-manager.ts';
import { until } from '../harness/until.ts';

const COMMANDS = rounds({ short: 20, full: 100 });
const EXPIRING = COMMANDS / 10;
const AWAY_MS = 10 * 60_000;

describe('a manager that is away for ten minutes', () => {
  let oc: ClockedOc;
  let client: Client;
  let manager: SimulatedManager;

  beforeAll(async () => {
    oc = await startClocked({ LEASE_SECONDS: '2', AUTH: 'off' });
    client = new Client(oc.url);
    manager = await SimulatedManager.start(client, 'away', { folder: oc.folder });
  });
  afterAll(async () => {
    await manager.go();
    await oc.stop();
  });

  const commandOf = async (id: string) => {
    const { operation } = await client.data(
      `query ($id: ID!) {
        operation(id: $id) {
          commands { edges { node { status statusReason issuedAt deliveredAt hold { rule }
            steps(first: 1) { edges { node { instanceAfter } } } } } }
        }
      }`,
      { id },
    );
    return operation.commands.edges[0].node;
  };
  const issue = async (expiresInSeconds: number) => {
    const targets = { clusterIds: [manager.clusterId] };
    const id = await startOperation(client, { kind: 'RESTART', targets, expiresInSeconds });
    await until('it is issued', async () => (await commandOf(id)).issuedAt !== null);
    return id;
  };

  it('gets what was issued meanwhile, in order and soon; what has expired is marked, and not done', async () => {
    await manager.go();
    const expiring: string[] = [];
    const lasting: string[] = [];
    for (let n = 0; n < COMMANDS; n += 1) {
      if (n < EXPIRING) expiring.push(await issue(60));
      lasting.push(await issue(86_400));
      oc.clock.ahead += AWAY_MS / COMMANDS;
    }
    for (const id of expiring) {
      const { status, statusReason } = await until('it has expired', async () => {
        const command = await commandOf(id);
        return command.status !== 'PENDING' && command;
      });
      expect({ status, statusReason }).toEqual({
        status: 'EXPIRED',
        statusReason: 'No manager began it in time.',
      });
    }
    expect(await commandOf(lasting[0]!)).toMatchObject({ status: 'PENDING', hold: { rule: 'OFFLINE' } });

    const back = oc.clock.now().getTime();
    manager.come();
    const ended = [];
    for (const id of lasting) {
      ended.push(
        await until('it is done', async () => {
          const command = await commandOf(id);
          return command.status === 'SUCCEEDED' && command;
        }),
      );
    }
    // The node's instances are numbered: the first ran when the manager went.
    expect(ended.map(({ steps }) => steps.edges[0].node.instanceAfter)).toEqual(
      lasting.map((_, n) => `instance ${n + 2}`),
    );
    expect([...manager.nodes.starts]).toEqual([['n1', COMMANDS]]);
    const arrived = ended.map(({ deliveredAt }) => Date.parse(deliveredAt) - back);
    expect(arrived).toEqual([...arrived].sort((a, b) => a - b));
    console.log(
      `away: the last of ${COMMANDS} commands arrived ${arrived.at(-1)} ms after its manager came back`,
    );
  });
});
