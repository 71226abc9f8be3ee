import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { knock, UPGRADE } from '../harness/raw-http.ts';
import { WireManager } from '../harness/wire-manager.ts';

const PUBLIC = 'https://oc.example.com';
const JSON_TYPE = { 'Content-Type': 'application/json' };

/** What pages of others would have in their Origin header, and what looks like ours without being it. */
const hostile = (port: number): string[] => [
  'null',
  '',
  'http://evil.example',
  `https://127.0.0.1:${port}`,
  `http://127.0.0.1:${port + 1}`,
  'http://127.0.0.1',
  `http://127.0.0.1:${port}.evil.example`,
  `http://127.0.0.1.evil.example:${port}`,
  `http://evil.example/http://127.0.0.1:${port}`,
  `http://127.0.0.1:${port}@evil.example`,
  `http://user@127.0.0.1:${port}`,
  `http://127.0.0.1:${port}/`,
  `http://127.0.0.1:${port}?`,
  `HTTP://127.0.0.1:${port}`,
  `http://127.0.0.1.:${port}`,
  `http://localhost:${port}`,
  `http://127.1:${port}`,
  `http://2130706433:${port}`,
  `http://[::ffff:127.0.0.1]:${port}`,
  `http://①②⑦.0.0.1:${port}`,
  `http://127.0.0.1:${port}, http://evil.example`,
  `http://evil.example http://127.0.0.1:${port}`,
  `ws://127.0.0.1:${port}`,
  'file://',
  'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
  'http://oc.example.com',
  `${PUBLIC}:8443`,
  `${PUBLIC}.`,
  `${PUBLIC}.evil.example`,
  'https://a.oc.example.com',
  'https://example.com',
  'https://evil-oc.example.com',
  'https://oc-example.com',
  'https://OC.example.com',
  'https://oс.example.com',
];

describe('a page from elsewhere', () => {
  let oc: Oc;
  let port: number;
  beforeAll(async () => {
    oc = await Oc.start({ env: { PUBLIC_URL: `${PUBLIC}, http://10.1.2.3:4000` } });
    port = Number(new URL(oc.url).port);
  });
  afterAll(() => oc?.stop());

  it('gets in by no door, whatever it calls itself, and is told nothing it could read', async () => {
    const token = await WireManager.token(oc.client, { uses: 1000 });
    const intrusion = (name: string) =>
      JSON.stringify({
        query: 'mutation ($input: RegisterManagerInput!) { registerManager(input: $input) { clusterId } }',
        variables: {
          input: {
            token,
            credential: WireManager.credential(),
            cluster: { name, kind: 'process' },
            manager: { name: 'm', version: '1' },
          },
        },
      });
    const events = encodeURIComponent('subscription { topologyChanged { __typename } }');
    const query = encodeURIComponent('{ system { name } }');
    const doors: [string, (origin: Record<string, string>) => ReturnType<typeof knock>][] = [
      [
        'HTTP',
        (origin) => knock(oc.url, 'POST /graphql', { ...origin, ...JSON_TYPE }, intrusion('intruder')),
      ],
      ['a query', (origin) => knock(oc.url, `GET /graphql?query=${query}`, origin)],
      [
        'preflight',
        (origin) =>
          knock(oc.url, 'OPTIONS /graphql', {
            ...origin,
            'Access-Control-Request-Method': 'POST',
            'Access-Control-Request-Headers': 'content-type,authorization',
          }),
      ],
      [
        'events',
        (origin) => knock(oc.url, `GET /graphql?query=${events}`, { ...origin, Accept: 'text/event-stream' }),
      ],
      [
        'events by POST',
        (origin) =>
          knock(
            oc.url,
            'POST /graphql',
            { ...origin, ...JSON_TYPE, Accept: 'text/event-stream' },
            JSON.stringify({ query: 'subscription { topologyChanged { __typename } }' }),
          ),
      ],
      ['WebSocket', (origin) => knock(oc.url, 'GET /graphql', { ...origin, ...UPGRADE })],
      [
        'WebSocket with a cookie',
        (origin) => knock(oc.url, 'GET /graphql', { ...origin, ...UPGRADE, Cookie: 'session=1' }),
      ],
      ['UI', (origin) => knock(oc.url, 'GET /', origin)],
    ];
    const origins = hostile(port);
    expect(new Set(origins).size).toBe(35);
    for (const origin of origins) {
      for (const [door, through] of doors) {
        const { status, text } = await through({ Origin: origin });
        const what = `${door} by ${JSON.stringify(origin)}`;
        expect(status, what).toBe(403);
        expect(text.toLowerCase(), what).not.toContain('access-control');
        if (origin !== '') expect(text, what).not.toContain(origin);
      }
    }
    const { clusters } = await oc.client.data('{ clusters { totalCount } }');
    expect(clusters.totalCount).toBe(0);
    // The same without an origin does it: it was for the origin that all these were refused.
    expect((await knock(oc.url, 'POST /graphql', JSON_TYPE, intrusion('ours'))).status).toBe(200);
    expect((await oc.client.data('{ clusters { totalCount } }')).clusters.totalCount).toBe(1);
  });

  it('does not get in by what names no origin either: browsers say where an image or a script was asked for', async () => {
    const path = `/graphql?query=${encodeURIComponent('{ system { name } }')}`;
    const get = async (site: string, mode: string) =>
      (await knock(oc.url, `GET ${path}`, { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': mode })).status;
    expect(await get('cross-site', 'no-cors')).toBe(403);
    expect(await get('same-site', 'no-cors')).toBe(403);
    expect(await get('same-origin', 'cors')).toBe(200);
    expect(await get('none', 'navigate')).toBe(200);
    expect(
      (await knock(oc.url, 'GET /', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' })).status,
    ).toBe(200);
  });

  it('cannot make a name of its own stand for this server', async () => {
    const names = [
      'evil.example',
      `evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      `user@127.0.0.1:${port}`,
      `127.0.0.1:${port}@evil.example`,
      `localhost.:${port}`,
      `127.1:${port}`,
      '127.0.0.1:65536',
      'localhost:99999',
      '',
      'oc.example.com.evil.example',
      'oc.example.com:4000',
      '10.1.2.3',
    ];
    for (const Host of names) {
      expect((await knock(oc.url, 'GET /', { Host })).status, Host).toBe(403);
      expect((await knock(oc.url, 'GET /graphql', { Host, ...UPGRADE })).status, Host).toBe(403);
    }
    // Who watches the process comes by its address, whatever that is.
    expect((await knock(oc.url, 'GET /healthz', { Host: '10.9.8.7:4000' })).body).toContain(
      '{"status":"ok"}',
    );
    expect((await knock(oc.url, 'GET /readyz', { Host: '10.9.8.7:4000' })).status).toBe(200);
  });

  it('is not ours: pages of ours are served by each of our names, and still reflected by none', async () => {
    const ours: [string, string][] = [
      [`127.0.0.1:${port}`, `http://127.0.0.1:${port}`],
      [`localhost:${port}`, `http://localhost:${port}`],
      [`[::1]:${port}`, `http://[::1]:${port}`],
      ['oc.example.com', PUBLIC],
      ['OC.example.com:443', PUBLIC],
      ['10.1.2.3:4000', 'http://10.1.2.3:4000'],
    ];
    const body = JSON.stringify({ query: '{ system { name } }' });
    for (const [Host, Origin] of ours) {
      const answer = await knock(oc.url, 'POST /graphql', { Host, Origin, ...JSON_TYPE }, body);
      expect(answer.status, Host).toBe(200);
      expect(answer.text.toLowerCase()).not.toContain('access-control');
      const secure = answer.headers['strict-transport-security'];
      if (Origin === PUBLIC) expect(secure).toMatch(/^max-age=\d{8,}/);
      else expect(secure).toBeUndefined();
      const socket = await knock(oc.url, 'GET /graphql', { Host, Origin, Cookie: 'session=1', ...UPGRADE });
      expect(socket.status, Host).toBe(101);
    }
  });

  it('cannot open a WebSocket with a cookie: that needs an origin, and ours', async () => {
    const open = async (headers: object) =>
      (await knock(oc.url, 'GET /graphql', { ...headers, ...UPGRADE })).status;
    expect(await open({ Cookie: 'session=1' })).toBe(403);
    expect(await open({ Cookie: 'session=1', Origin: oc.url })).toBe(101);
    expect(await open({}), 'a manager sends neither').toBe(101);
  });
});
