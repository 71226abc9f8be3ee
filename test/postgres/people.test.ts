import { once } from 'node:events';
import { connect } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { apiKey, Browser, PASSWORD, person, welcomeToken } from '../harness/people.ts';
import { RawSocket } from '../harness/raw-socket.ts';
import { until } from '../harness/until.ts';
import type { Client } from '../harness/client.ts';
import { RedisServer } from '../services/redis-server.ts';

const LIVE = 'subscription { topologyChanged { __typename } }';
const UPDATE = 'mutation ($input: UpdatePersonInput!) { updatePerson(input: $input) { id } }';

// Redis is away: each hears of the other's changes by the log alone.
describe('people of two servers on one database', () => {
  let a: Oc;
  let b: Oc;
  let ann: Browser;
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
    await redis.kill();
    const env = { REDIS_URL: redis.url };
    a = await Oc.start({ auth: true, env });
    b = await Oc.start({ auth: true, env, databaseOf: a });
  });
  afterAll(async () => {
    await b.stop();
    await a.stop();
    await redis.stop();
  });

  it('both print a link, and of both one is used', async () => {
    const tokens = [welcomeToken(a), welcomeToken(b)];
    expect(tokens[0]).not.toBe(tokens[1]);
    const both = await Promise.all(
      tokens.map((token, n) =>
        new Browser([b, a][n]!.url).send(
          'mutation ($input: CreateFirstAdministratorInput!) { createFirstAdministrator(input: $input) { name } }',
          { input: { token, name: 'Ann', password: PASSWORD } },
        ),
      ),
    );
    expect(both.filter(({ errors }) => !errors)).toHaveLength(1);
    ann = new Browser(a.url);
    expect((await ann.logIn('Ann')).errors).toBeUndefined();
    expect((await ann.through(b).data('{ viewer { name } }')).viewer.name).toBe('Ann');
  });

  it('what ends a right on one server ends what is open under it on the other', async () => {
    const ways: ((id: string, browser: Browser) => Promise<unknown>)[] = [
      (id) => ann.data(UPDATE, { input: { id, disabled: true } }),
      (id) => ann.data(UPDATE, { input: { id, grants: [{ role: 'OPERATOR' }] } }),
      (_id, browser) => browser.data('mutation { logOut { kind } }'),
      (_id, browser) =>
        browser.data('mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { name } }', {
          input: { current: PASSWORD, password: 'quite another password' },
        }),
    ];
    const live = async (client: Client) => {
      const line = await RawSocket.open(client);
      line.ask(LIVE);
      await until('it is live', () => line.of('next').length > 0);
      return line;
    };
    const untouched = await live((await person(ann, 'Zoe', [{ role: 'VIEWER' }])).browser.through(b));
    for (const [n, end] of ways.entries()) {
      const { id, browser } = await person(ann, `P${n}`, [{ role: 'VIEWER' }]);
      const line = await live(browser.through(b));
      await end(id, browser);
      await until('the line is closed', () => line.closed);
      expect(line.closed?.code).toBe(4401);
    }
    const { id, client } = await apiKey(ann, [{ role: 'VIEWER' }]);
    const line = await live(b.client.as(client.credential!));
    await ann.data('mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', { id });
    await until('the line is closed', () => line.closed);
    expect(untouched.closed).toBeUndefined();
    untouched.webSocket.close();
  });

  it('an export of the audit log that is under way ends with the right to it', async () => {
    const { id, browser } = await person(ann, 'Wim', [{ role: 'ADMINISTRATOR' }]);
    const line = await RawSocket.open(browser.through(b));
    line.ask(LIVE);
    // More than what lies between the two ends of a connection.
    const database = new pg.Client({ connectionString: a.databaseUrl });
    await database.connect();
    await database.query(`INSERT INTO audit_entry
      SELECT 1000000 + n, '', now(), 'LOCAL', NULL, NULL, '', 'try', repeat('x', 2000), '[]', 'DONE', NULL
      FROM generate_series(1, 20000) AS n`);
    await database.end();
    const { hostname, port } = new URL(b.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `GET /audit.jsonl HTTP/1.1\r\nHost: ${hostname}:${port}\r\nCookie: ${browser.cookie}\r\nConnection: close\r\n\r\n`,
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    socket.pause();
    expect(head.toString()).toMatch(/^HTTP\/1.1 200 /);
    await ann.data(UPDATE, { input: { id, disabled: true } });
    await until('the line is closed', () => line.closed);
    let end = '';
    let ended = false;
    socket.on('data', (data) => (end = (end + data.toString()).slice(-100)));
    socket.on('error', () => undefined).on('close', () => (ended = true));
    socket.resume();
    await until('the export has ended', () => ended);
    expect(end.endsWith('\r\n0\r\n\r\n'), 'it is whole').toBe(false);
  });

  it('and guesses are counted together', async () => {
    await person(ann, 'Yan', [{ role: 'VIEWER' }]);
    const guesser = new Browser(a.url);
    await until('guesses at one are held up', async () => {
      const { errors } = await guesser.logIn('Yan', 'guess');
      return (errors?.[0]?.extensions['retryAfterSeconds'] as number) > 10;
    });
    const { errors } = await guesser.through(b).logIn('Yan');
    expect(errors?.[0]?.extensions.code).toBe('UNAVAILABLE');
  });
});
