import { request } from 'node:http';
import { connect } from 'node:net';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

describe('the front door', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start();
  });
  afterAll(() => oc.stop());

  const post = (headers: Record<string, string>, body: string) =>
    fetch(`${oc.url}/graphql`, { method: 'POST', headers, body });
  const json = { 'content-type': 'application/json' };

  it('speaks GraphQL over HTTP as the specification has it: all audits without error or warning', async () => {
    const audits = serverAudits({ url: () => `${oc.url}/graphql`, fetchFn: fetch });
    const results = await Promise.all(audits.map((audit) => audit.fn()));
    expect(results.length).toBeGreaterThanOrEqual(61);
    expect(results.flatMap((result) => (result.status === 'ok' ? [] : [[result.id, result.reason]]))).toEqual(
      [],
    );
  });

  it('refuses what a form or a page from elsewhere could send', async () => {
    const mutation = JSON.stringify({ query: 'mutation { createEnrolmentToken(input: {}) { token } }' });
    const refused = [
      await post({ 'content-type': 'text/plain' }, mutation),
      await post(
        { 'content-type': 'application/x-www-form-urlencoded' },
        `query=${encodeURIComponent('{ system { name } }')}`,
      ),
      await post({ 'content-type': 'multipart/form-data; boundary=x' }, mutation),
    ];
    expect(refused.map(({ status }) => status)).toEqual([415, 415, 415]);
    const foreign = await post({ ...json, origin: 'http://evil.example' }, mutation);
    expect(foreign.status).toBe(403);
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const byGet = await fetch(
      `${oc.url}/graphql?query=${encodeURIComponent('mutation { abortOperation(input: { operationId: "x" }) { id } }')}`,
    );
    expect(byGet.status).toBe(405);
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      request(`${oc.url}/graphql`, { headers: { host: 'evil.example' } }, ({ statusCode }) =>
        resolve(statusCode),
      )
        .on('error', reject)
        .end();
    });
    expect(rebound).toBe(403);
  });

  it('takes no body above its limit', async () => {
    const large = await post(
      json,
      JSON.stringify({ query: `{ system { name } } #${'x'.repeat(1024 * 1024)}` }),
    );
    expect(large.status).toBe(413);
    expect(await large.json()).toMatchObject({ errors: [{ extensions: { code: 'INVALID' } }] });
  });

  it('answers nonsense with a typed error', async () => {
    for (const body of [
      '',
      'null',
      '[]',
      '{"query":1}',
      '{"query":"{ nope }"}',
      '{"query":"{"}',
      '{"query":',
    ]) {
      const response = await post(json, body);
      const { errors } = (await response.json()) as { errors: { extensions?: { code: string } }[] };
      expect(errors[0]?.extensions?.code, body).toBe('INVALID');
    }
    for (const search of ['', 'query=', 'query={', 'query={system{name}}&variables={', 'variables=1']) {
      const response = await fetch(`${oc.url}/graphql?${search}`);
      const { errors } = (await response.json()) as { errors: { extensions?: { code: string } }[] };
      expect(errors[0]?.extensions?.code, search).toBe('INVALID');
    }
  });

  it('calls a cursor from elsewhere what it is, on whichever connection', async () => {
    const cursor = (text: string) => Buffer.from(text).toString('base64');
    const manager = await WireManager.join(oc.client, 'paged');
    await manager.snapshot(running('a'));
    const page = 'edges { cursor node { __typename } }';
    const connections = [
      (args: string) => `{ list: clusters(${args}) { ${page} } }`,
      (args: string) => `{ list: operations(${args}) { ${page} } }`,
      (args: string) => `{ system { list: clusters(${args}) { ${page} } } }`,
      (args: string) => `{ system { list: nodes(${args}) { ${page} } } }`,
      ...['nodes', 'managers', 'history'].map(
        (list) => (args: string) =>
          `{ cluster(id: "${manager.clusterId}") { list: ${list}(${args}) { ${page} } } }`,
      ),
    ];
    const forged = [
      'GPC:S:\0',
      'GPC:N:5',
      'GPC:D:abc',
      'GPC:J:{"a":1}',
      'GPC:Z:',
      'GPC:T:[1]',
      'GPC:I:x',
      'x',
      '',
    ];
    for (const ask of connections) {
      for (const text of forged) {
        const { errors } = await oc.client.send(ask(`first: 1, after: "${cursor(text)}"`));
        expect(errors?.[0]?.extensions.code, ask(text)).toBe('INVALID');
      }
      const data = await oc.client.data(ask('first: 1'));
      const { edges } = data.list ?? (data.system ?? data.cluster).list;
      for (const edge of edges) await oc.client.data(ask(`first: 1, after: "${edge.cursor}"`));
    }
  });

  it('answers what is wrong on purpose with a typed error, never an unexpected one', async () => {
    const cursor = (text: string) => Buffer.from(text).toString('base64');
    const documents = [
      ...['GPC:S:\0', 'GPC:N:5', 'GPC:D:abc', 'GPC:J:{"a":1}', 'GPC:Z:1', 'x'].map(
        (text) => `{ clusters(after: "${cursor(text)}") { edges { node { id } } } }`,
      ),
      '{ cluster(id: "\\u0000") { id } }',
      '{ node(id: "\\u0000") { id } }',
      '{ operation(id: "\\u0000") { id } }',
      'mutation { abortOperation(input: { operationId: "\\u0000" }) { id } }',
      '{ operations(filter: { nodeId: "\\u0000" }) { totalCount } }',
      `{ system ${'{ ... on System '.repeat(3000)} { name } ${'}'.repeat(3000)} }`,
      `{ clusters(filter: { kind: ${'['.repeat(8000)}${']'.repeat(8000)} }) { totalCount } }`,
      // As deep as the limit of tokens lets them be.
      `{ system ${'{ ... on System '.repeat(790)} { name } ${'}'.repeat(790)} }`,
      `{ clusters(filter: { kind: ${'['.repeat(1980)}${']'.repeat(1980)} }) { totalCount } }`,
      `{ clusters(filter: { kind: ${'['.repeat(3900)} }) { totalCount } }`,
    ];
    for (const query of documents) {
      const { errors } = await oc.client.send(query);
      expect(errors?.[0]?.extensions.code ?? 'none', query.slice(0, 80)).toMatch(/INVALID|none/);
    }
  });

  it('outlives a client that asks for a socket that it may not have and hangs up', async () => {
    const { hostname, port } = new URL(oc.url);
    for (let n = 0; n < 5; n++) {
      const socket = connect(Number(port), hostname);
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write(
        'GET /graphql HTTP/1.1\r\nHost: evil\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      );
      socket.resetAndDestroy();
    }
    expect(await (await fetch(`${oc.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(oc.program.running).toBe(true);
  });

  it('serves the UI with its deep links, GraphiQL, and its health', async () => {
    for (const path of ['/', '/operations', '/clusters/some-id']) {
      const page = await fetch(oc.url + path, { headers: { accept: 'text/html' } });
      expect(page.status, path).toBe(200);
      expect(page.headers.get('content-type')).toContain('text/html');
    }
    const graphiql = await (await fetch(`${oc.url}/graphql`, { headers: { accept: 'text/html' } })).text();
    expect(graphiql).toContain('query NodesInTrouble');
    expect(graphiql, 'nothing is loaded from elsewhere').not.toMatch(/(src|href)="https?:/);
    expect(await (await fetch(`${oc.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${oc.url}/readyz`)).json()).toEqual({ status: 'ready' });
    const posted = await fetch(oc.url, { method: 'POST', headers: json, body: '{}' });
    expect(posted.status, 'pages take nothing').toBe(405);
  });

  it('lets nothing be shown in a frame, guessed as another type, or run but what is its own', async () => {
    const html = { accept: 'text/html' };
    const answers: Record<string, Response> = {
      page: await fetch(`${oc.url}/clusters/some-id`, { headers: html }),
      file: await fetch(`${oc.url}/theme.js`),
      graphiql: await fetch(`${oc.url}/graphql`, { headers: html }),
      answer: await post(json, JSON.stringify({ query: '{ system { name } }' })),
      'kept answer': await post(json, JSON.stringify({ query: '{ system { name } }' })),
      fault: await post(json, '{'),
      refusal: await post({ 'content-type': 'text/plain' }, '{}'),
      health: await fetch(`${oc.url}/healthz`),
      missing: await fetch(`${oc.url}/missing.js`),
    };
    for (const [name, { headers }] of Object.entries(answers)) {
      expect(headers.get('x-content-type-options'), name).toBe('nosniff');
      expect(headers.get('x-frame-options'), name).toBe('DENY');
      expect(headers.get('referrer-policy'), name).toBe('no-referrer');
      expect(headers.get('cross-origin-opener-policy'), name).toBe('same-origin');
      expect(headers.get('cross-origin-resource-policy'), name).toBe('same-origin');
      expect(headers.get('permissions-policy'), name).toContain('camera=()');
      expect(headers.get('x-powered-by'), name).toBeNull();
      const policy = headers.get('content-security-policy')!;
      expect(policy, name).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
      expect(policy, name).not.toMatch(/script-src[^;]*('unsafe|https?:|\*)/);
      if (name === 'page')
        expect(policy).toMatch(/script-src 'self' 'sha256-[\w+/]{43}='; style-src 'self';/);
      else if (name === 'graphiql') expect(policy).toMatch(/script-src 'sha256-[\w+/]{43}='; /);
      else expect(policy, name).not.toContain('script-src');
    }
    for (const name of ['answer', 'kept answer', 'fault', 'graphiql']) {
      expect(answers[name]!.headers.get('cache-control'), name).toBe('no-store');
    }
  });
});
