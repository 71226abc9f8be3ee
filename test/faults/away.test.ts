import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../server/app.ts';
import { readConfig } from '../../server/config.ts';
import { openDatabase } from '../../server/platform/database/database.ts';
import { createLogger } from '../../server/platform/log.ts';
import { Client } from '../harness/client.ts';
import { startOperation } from '../harness/operation.ts';
import { rounds } from '../harness/rounds.ts';
import { SimulatedManager } from '../harness/simulated-manager.ts';
import { until } from '../harness/until.ts';
import { createTestDatabase, type TestDatabase } from '../services/postgres.ts';
import { copyDataDir } from '../services/templates.ts';

const COMMANDS = rounds({ short: 20, full: 100 });
const EXPIRING = COMMANDS / 10;
const AWAY_MS = 10 * 60_000;

describe('a manager that is away for ten minutes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oc-away-'));
  /** The OC's own: it goes as any, and the story puts it forward. */
  const clock = { ahead: 0, now: () => new Date(Date.now() + clock.ahead) };
  let database: TestDatabase | undefined;
  let app: App;
  let client: Client;
  let manager: SimulatedManager;

  beforeAll(async () => {
    const dataDir = join(folder, 'oc');
    if (process.env['OC_TEST_DATABASE'] === 'postgres')
      database = await createTestDatabase(process.env['TEST_DATABASE_TEMPLATE']);
    else copyDataDir(dataDir);
    const config = readConfig({
      PORT: '0',
      DATA_DIR: dataDir,
      LEASE_SECONDS: '2',
      AUTH: 'off',
      ...(database && { DATABASE_URL: database.url }),
    });
    const logger = createLogger('silent');
    const { databaseUrl } = config;
    app = await createApp({
      config,
      logger,
      clock,
      database: await openDatabase({ databaseUrl, dataDir, log: logger }),
    });
    client = new Client(app.url);
    manager = await SimulatedManager.start(client, 'away', { folder });
  });
  afterAll(async () => {
    await manager.go();
    await app.close();
    await database?.drop();
    rmSync(folder, { recursive: true });
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
      clock.ahead += AWAY_MS / COMMANDS;
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

    const back = clock.now().getTime();
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
