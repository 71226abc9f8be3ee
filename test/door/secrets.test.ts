import { randomBytes } from 'node:crypto';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc, Program } from '../harness/oc.ts';
import { knock, UPGRADE } from '../harness/raw-http.ts';
import { RawSocket } from '../harness/raw-socket.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';
import { createTestDatabase, onServer, type TestDatabase } from '../services/postgres.ts';
import { freePort } from '../services/free-port.ts';

/** What nobody may find again, each under the name by which it was planted. */
const SECRETS = {
  password: `pw-${randomBytes(12).toString('hex')}`,
  token: `oce_${randomBytes(32).toString('base64url')}`,
  credential: WireManager.credential(),
  cookie: `ck-${randomBytes(12).toString('hex')}`,
  databasePassword: `db${randomBytes(12).toString('hex')}`,
  redisPassword: `rd${randomBytes(12).toString('hex')}`,
};

/** That connects with the password. */
const ROLE = `planted_${randomBytes(6).toString('hex')}`;

const found = (text: string): string[] =>
  Object.entries(SECRETS).flatMap(([name, secret]) => (text.includes(secret) ? [name] : []));

describe('secrets that were told to the OC', () => {
  let oc: Oc;
  let database: TestDatabase | undefined;
  /** All that was answered. */
  const answers: string[] = [];

  beforeAll(async () => {
    if (process.env['OC_TEST_DATABASE'] === 'postgres') {
      database = await createTestDatabase(process.env['TEST_DATABASE_TEMPLATE']);
    }
    const url = database && new URL(database.url);
    if (url) {
      await onServer(url.href, `CREATE ROLE ${ROLE} SUPERUSER LOGIN PASSWORD '${SECRETS.databasePassword}'`);
      Object.assign(url, { username: ROLE, password: SECRETS.databasePassword });
    }
    oc = await Oc.start({
      ...(url && { databaseUrl: url.href }),
      env: {
        LOG_LEVEL: 'trace',
        REDIS_URL: `redis://:${SECRETS.redisPassword}@127.0.0.1:${await freePort()}`,
      },
    });
  });
  afterAll(async () => {
    await oc?.stop();
    await database?.drop();
    if (database) await onServer(process.env['TEST_DATABASE_URL']!, `DROP ROLE ${ROLE}`);
  });

  const { password, token, credential, cookie } = SECRETS;
  const inputs: [string, object][] = [
    [
      'mutation ($input: RegisterManagerInput!) { registerManager(input: $input) { clusterId } }',
      { input: { token, credential, password } },
    ],
    [
      'mutation ($input: RegisterManagerInput!) { registerManager(input: $input) { clusterId } }',
      {
        input: {
          token,
          credential,
          cluster: { name: 'x', kind: 'process' },
          manager: { name: 'x', version: '1' },
        },
      },
    ],
    [
      'mutation ($input: CreateEnrolmentTokenInput!) { createEnrolmentToken(input: $input) { token } }',
      { input: { clusterName: { password, token } } },
    ],
    ['query ($id: ID!) { node(id: $id) { name } }', { id: { password } }],
    ['query ($order: ClusterOrder) { clusters(orderBy: $order) { totalCount } }', { order: password }],
    [
      `mutation { registerManager(input: { token: "${token}", credential: "${credential}", password: "${password}" }) { clusterId } }`,
      {},
    ],
    [`{ clusters(orderBy: "${password}") { totalCount } }`, {}],
    [`{ clusters(first: "${password}") { totalCount } }`, {}],
    [`{ node(id: "${password}\\u0000") { name } }`, {}],
    [`{ system "${password}" }`, {}],
    [`{ system { name } # ${password}`, {}],
    [`subscription { operationChanged(id: "1", since: "${password}") { __typename } }`, {}],
  ];

  it('are in no answer over HTTP', async () => {
    const type = { 'Content-Type': 'application/json' };
    for (const [query, variables] of inputs) {
      const body = JSON.stringify({ query, variables });
      answers.push((await knock(oc.url, 'POST /graphql', type, body)).text);
      // Cut off in the middle, doubled, and as a part of a list.
      for (const wrong of [body.slice(0, -3), body + body, `[${body}]`]) {
        answers.push((await knock(oc.url, 'POST /graphql', type, wrong)).text);
      }
      const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
      answers.push((await knock(oc.url, `GET /graphql?${search}`)).text);
      answers.push((await knock(oc.url, `GET /graphql?${search}}`)).text);
      answers.push((await knock(oc.url, `GET /graphql?${search}`, { Accept: 'text/event-stream' })).text);
    }
    const login = JSON.stringify({
      operationName: password,
      query: '{ system { name } }',
      extensions: { token, password },
    });
    const headers: Record<string, string>[] = [
      { Authorization: `Bearer ${credential}` },
      { Authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` },
      { Authorization: password },
      { Cookie: `session=${cookie}; token=${token}` },
      { Origin: `http://${password}` },
      { Host: `${password}.example` },
      { 'Content-Type': `text/${password}` },
      { 'X-Api-Key': token, Referer: `http://127.0.0.1/?token=${token}` },
      { 'Content-Length': '9999999', Cookie: `session=${cookie}` },
    ];
    for (const more of headers)
      answers.push((await knock(oc.url, 'POST /graphql', { ...type, ...more }, login)).text);
    for (const form of [
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain',
    ]) {
      answers.push(
        (await knock(oc.url, 'POST /graphql', { 'Content-Type': form }, `password=${password}`)).text,
      );
    }
    for (const path of [
      `/?token=${token}`,
      `/${password}.js`,
      `/graphql?token=${token}`,
      `/healthz?password=${password}`,
    ]) {
      answers.push((await knock(oc.url, `GET ${path}`, { Cookie: `session=${cookie}` })).text);
    }
    expect(found(answers.join('\n'))).toEqual([]);
  });

  it('are in no answer over a WebSocket, and in no reason for which it is closed', async () => {
    const said: string[] = [];
    const socket = await RawSocket.open(oc.client);
    for (const [query, variables] of inputs) {
      const id = socket.ask(query, variables);
      await until('it is answered', () => socket.of('error', id).length + socket.of('next', id).length > 0);
    }
    socket.webSocket.send(JSON.stringify({ id: '1', type: password, payload: { token } }));
    await until('it is closed', () => socket.closed);
    said.push(JSON.stringify(socket.messages), socket.closed!.reason);
    for (const connectionParams of [
      { authorization: `Bearer ${credential}` },
      { authorization: { password } },
      { token, password },
    ]) {
      const errors: unknown[] = [];
      const client = createClient({
        url: `${oc.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams,
      });
      await new Promise<void>((resolve) =>
        client.subscribe(
          { query: '{ system { name } }' },
          {
            next: (value) => errors.push(value),
            error: (error) => (errors.push(error), resolve()),
            complete: resolve,
          },
        ),
      );
      await client.dispose();
      said.push(JSON.stringify(errors));
    }
    said.push((await knock(oc.url, 'GET /graphql', { ...UPGRADE, Cookie: `session=${cookie}` })).text);
    said.push((await knock(oc.url, 'GET /graphql', { ...UPGRADE, 'Sec-WebSocket-Protocol': password })).text);
    expect(found(said.join('\n'))).toEqual([]);
  });

  it('are in nothing that is shown of a manager that joined with them', async () => {
    const manager = await WireManager.join(oc.client, 'shop');
    await manager.snapshot(running('web-1'));
    await manager.renew();
    const shown = await oc.client.data(`{
      clusters { edges { node { id name statusReason
        managers { edges { node { id name version capabilities } } } history { edges { node { summary actor } } }
      } } }
    }`);
    expect(JSON.stringify(shown)).toContain('shop-m1');
    expect(JSON.stringify(shown)).not.toContain(manager.client.credential!.slice(4));
    expect(oc.program.output).not.toContain(manager.client.credential!.slice(4));
  });

  it('are in no line of the log, also when the database breaks, and not among what is told of its state', async () => {
    if (database) {
      const { pathname } = new URL(database.url);
      await onServer(
        process.env['TEST_DATABASE_URL']!,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${pathname.slice(1)}'`,
      );
    }
    await until('it is ready', async () => (await oc.health()).status === 'degraded');
    await until('it has said that Redis is away', () => /redis/i.test(oc.program.output));
    for (const path of ['/healthz', '/readyz', '/metrics'])
      answers.push((await knock(oc.url, `GET ${path}`)).text);
    expect(found(answers.join('\n') + oc.program.output)).toEqual([]);
  });

  it.each([
    [
      'a database that is not there',
      { DATABASE_URL: `postgresql://oc:${SECRETS.databasePassword}@127.0.0.1:1/oc` },
    ],
    ['another kind of database', { DATABASE_URL: `mysql://oc:${SECRETS.databasePassword}@127.0.0.1/oc` }],
    ['no URL', { DATABASE_URL: `postgresql://oc:${SECRETS.databasePassword}@[broken/oc` }],
    ['a Redis without its name', { REDIS_URL: `redis+sentinel://:${SECRETS.redisPassword}@127.0.0.1` }],
    ['a Redis at no port', { REDIS_URL: `redis://:${SECRETS.redisPassword}@127.0.0.1:port` }],
    ['a public URL with a password', { PUBLIC_URL: `https://oc:${SECRETS.password}@oc.example.com` }],
  ])('are not in what it says when it cannot start: %s', async (_what, env) => {
    const program = new Program('server.js', [], {
      PORT: '0',
      DATA_DIR: `${oc.folder}/unused`,
      LOG_LEVEL: 'trace',
      ...env,
    });
    const { code } = await program.ended;
    expect(code).toBe(1);
    expect(program.output.length).toBeGreaterThan(20);
    expect(found(program.output)).toEqual([]);
  });
});
