import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificates, type Certificates } from '../harness/certificates.ts';
import { Oc, Program } from '../harness/oc.ts';
import { RealCluster } from '../harness/real-manager.ts';
import { until } from '../harness/until.ts';
import { WireManager } from '../harness/wire-manager.ts';

describe('an OC that speaks TLS by itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oc-tls-'));
  let ours: Certificates;
  let oc: Oc;
  beforeAll(async () => {
    ours = makeCertificates(join(folder, 'ours'));
    // For this test's own requests, which are not what it is about; a manager is a process of its own.
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    oc = await Oc.start({ env: { TLS_CERT: ours.cert, TLS_KEY: ours.key } });
  });
  afterAll(async () => {
    await oc.stop();
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    rmSync(folder, { recursive: true });
  });

  it('is joined by a manager that knows the CA, and commands reach it over the same', async () => {
    const cluster = await RealCluster.start(oc, 'pinned', { workers: 1, config: { ca: ours.ca } });
    const before = await cluster.pids();
    await oc.client.data(
      `mutation ($id: ID!) { startOperation(input: {
        plan: { kind: RESTART, targets: { clusterIds: [$id] } }, reason: "r", idempotencyKey: "tls"
      }) { id } }`,
      { id: await cluster.id() },
    );
    await until('its node is another process', async () => {
      const { pid, status } = await cluster.node('web-1');
      return status === 'RUNNING' && pid !== before['web-1'];
    });
  });

  it('is not believed by one that knows another CA, or none, and the reason is told', async () => {
    const theirs = makeCertificates(join(folder, 'theirs'));
    for (const [name, config] of [
      ['strange', { ca: theirs.ca }],
      ['plain', {}],
    ] as const) {
      const token = await WireManager.token(oc.client);
      const cluster = await RealCluster.create(oc, name, { workers: 1, config });
      const manager = await cluster.startManager(`${name}-m1`, token);
      await until('it says why', () => manager.output.includes('certificate is not trusted'));
      expect(manager.output).toContain('`ca` of the configuration');
      expect(await cluster.managerNames()).toEqual([]);
    }
  });

  it('does not start with a certificate and a key that do not belong together', async () => {
    const theirs = makeCertificates(join(folder, 'theirs'));
    const start = async (env: Record<string, string>) => {
      const program = new Program('server.js', [], { DATA_DIR: join(folder, 'data'), PORT: '0', ...env });
      expect(await program.ended).toMatchObject({ code: 1 });
      return program.output;
    };
    expect(await start({ TLS_CERT: ours.cert, TLS_KEY: theirs.key })).toContain(
      'TLS_CERT: and TLS_KEY cannot be used together',
    );
    expect(await start({ TLS_CERT: ours.cert })).toContain('TLS_KEY: is needed with TLS_CERT');
    expect(await start({ TLS_CERT: '/nowhere.pem', TLS_KEY: ours.key })).toContain(
      'TLS_CERT: cannot be read',
    );
  });
});

describe('an OC behind a proxy', () => {
  const askedBy = async (oc: Oc, forwarded: string) => {
    await fetch(`${oc.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': forwarded },
      body: JSON.stringify({ query: 'mutation { createEnrolmentToken(input: {}) { token } }' }),
    });
    const { auditLog } = await oc.client.data('{ auditLog(first: 1) { edges { node { from } } } }');
    return auditLog.edges[0].node.from as string;
  };

  it('is told by it who asks, as far as proxies are trusted', async () => {
    const oc = await Oc.start({ env: { TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' } });
    expect(await askedBy(oc, '203.0.113.7')).toBe('203.0.113.7');
    expect(await askedBy(oc, '198.51.100.1, 203.0.113.7, 10.1.2.3')).toBe('203.0.113.7');
    expect(await askedBy(oc, '203.0.113.7:50612, 10.1.2.3:443')).toBe('203.0.113.7');
    expect(await askedBy(oc, '[2001:db8::7]:50612')).toBe('2001:db8::7');
    expect(await askedBy(oc, '2001:db8::7')).toBe('2001:db8::7');
    expect(await askedBy(oc, 'nonsense')).toBe('127.0.0.1');
    await oc.stop();
  });

  it('believes no such word by anybody else', async () => {
    const oc = await Oc.start();
    expect(await askedBy(oc, '203.0.113.7')).toBe('127.0.0.1');
    await oc.stop();
  });
});
