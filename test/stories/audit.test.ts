import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { ABORT, operator, START, unpaged } from '../harness/operator.ts';
import { WireManager } from '../harness/wire-manager.ts';

const LOG = `query ($filter: AuditFilter, $first: Int, $after: String) {
  auditLog(filter: $filter, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { node {
      sequence hash at actorKind actorId actorName from action reason result detail targets { edges { node { type id name } } }
    } }
  }
}`;

describe('the audit log', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 60 });
  });
  afterAll(() => oc.stop());

  const { cluster, rolling, start } = operator(() => oc);
  const log = async (filter: object = {}) =>
    unpaged((await oc.client.data(LOG, { filter, first: 500 })).auditLog);

  it('tells who did what, why and to what, newest first', async () => {
    const shop = await cluster('shop', 'web-1');
    const id = await start(rolling(shop), { reason: 'new kernel' });
    await oc.client.data(ABORT, { id });
    const [abort, begin, registration, token] = await log();
    expect(abort).toMatchObject({
      ...{ action: 'abortOperation', actorKind: 'LOCAL', actorName: 'local', from: '127.0.0.1' },
      ...{ reason: 'enough', result: 'DONE', targets: [{ type: 'Operation', id }] },
    });
    expect(begin).toMatchObject({
      ...{ action: 'startOperation', reason: 'new kernel' },
      targets: [
        { type: 'Operation', id },
        { type: 'Cluster', id: shop.clusterId, name: 'shop' },
      ],
    });
    expect(JSON.parse(begin.detail)).toMatchObject({ kind: 'ROLLING_RESTART', nodes: 1 });
    expect(registration).toMatchObject({
      action: 'registerManager',
      actorKind: 'MANAGER',
      actorName: 'shop-m1',
    });
    expect(token).toMatchObject({ action: 'createEnrolmentToken', sequence: '1' });
  });

  it('has one entry of an act, however often it is asked for, and none of what changed nothing', async () => {
    const once = await cluster('once', 'web-1');
    const before = (await log()).length;
    const idempotencyKey = 'once';
    const id = await start(rolling(once), { idempotencyKey });
    expect(await start(rolling(once), { idempotencyKey })).toBe(id);
    await oc.client.fault(ABORT, { id: 'nothing' });
    expect((await log()).length).toBe(before + 1);
  });

  it('has no entry of what managers report all the time', async () => {
    const quiet = await cluster('quiet', 'web-1');
    const before = await log();
    await quiet.renew();
    await quiet.delta([{ name: 'web-1', status: 'DOWN' }]);
    expect(await log()).toEqual(before);
  });

  it('tells a denial at once, and a flood of the same in no further entry', async () => {
    const nosy = await WireManager.join(oc.client, 'nosy');
    for (let n = 0; n < 50; n++) {
      const { extensions } = await nosy.client.fault(ABORT, { id: 'any' });
      expect(extensions.code).toBe('FORBIDDEN');
    }
    const denied = await log({ result: 'DENIED', actor: 'NOSY-m1' });
    expect(denied).toMatchObject([{ action: 'abortOperation', actorKind: 'MANAGER' }]);
    expect(await log({ target: 'any' })).toEqual(denied);
    const input = {
      plan: { kind: 'RESTART', targets: { clusterIds: ['c-1', 'c-2'], nodeIds: ['n-1'] } },
      ...{ reason: 'r', idempotencyKey: 'k' },
    };
    await nosy.client.fault(START, { input });
    const [start] = await log({ result: 'DENIED', action: ['startOperation'] });
    expect(start).toMatchObject({
      targets: [
        { type: 'Cluster', id: 'c-1' },
        { type: 'Cluster', id: 'c-2' },
        { type: 'Node', id: 'n-1' },
      ],
    });
    await oc.client.as('ocm_guess').fault('{ system { name } }');
    expect(await log({ action: ['authenticate'] })).toMatchObject([
      { actorKind: 'ANONYMOUS', result: 'DENIED' },
    ]);
  });

  it('is found by who, what, whereon, result and time, and read in pages', async () => {
    const found = await cluster('found', 'web-1');
    expect(await log({ target: found.clusterId })).toMatchObject([{ action: 'registerManager' }]);
    expect(await log({ target: 'found' })).toMatchObject([{ action: 'registerManager' }]);
    expect(await log({ actor: 'LOCAL' })).not.toEqual([]);
    for (const pattern of ['%', 'loc_l', 'l%']) expect(await log({ actor: pattern }), pattern).toEqual([]);
    const all = await log();
    const middle = all[Math.floor(all.length / 2)];
    const before = await log({ until: middle.at });
    const after = await log({ since: middle.at });
    expect([...after, ...before]).toEqual(all);
    const seen: unknown[] = [];
    for (let cursor: string | null = null, more = true; more;) {
      const { auditLog } = await oc.client.data(LOG, { first: 3, after: cursor });
      expect(auditLog.totalCount).toBe(all.length);
      seen.push(...unpaged(auditLog.edges.map(({ node }: { node: unknown }) => node)));
      ({ hasNextPage: more, endCursor: cursor } = auditLog.pageInfo);
    }
    expect(seen).toEqual(all);
  });

  it('is exported as lines of JSON, oldest first, with the same filters', async () => {
    const get = async (query = '', headers = {}) => {
      const response = await fetch(`${oc.url}/audit.jsonl${query}`, { headers });
      return { status: response.status, text: await response.text() };
    };
    const { status, text } = await get();
    expect(status).toBe(200);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const shown = (await log()).reverse();
    expect(lines.map(({ hash }) => hash)).toEqual(shown.map(({ hash }: { hash: string }) => hash));
    expect(lines[0]).toMatchObject({
      sequence: 1,
      action: 'createEnrolmentToken',
      targets: [{ type: 'EnrolmentToken' }],
    });
    const some = await get('?action=startOperation&action=abortOperation&result=DONE&target=shop');
    expect(some.text.trimEnd().split('\n')).toHaveLength(1);
    expect((await get('?actor=nobody')).text).toBe('');
    for (const wrong of ['?since=yesterday', '?result=PERHAPS', '?colour=red', '?actor=a&actor=b']) {
      expect(await get(wrong), wrong).toMatchObject({
        status: 400,
        text: expect.stringContaining('INVALID'),
      });
    }
    const manager = await WireManager.join(oc.client, 'exporter');
    expect((await get('', { authorization: `Bearer ${manager.client.credential}` })).status).toBe(403);
    expect((await get('', { authorization: 'Bearer ocm_guess' })).status).toBe(401);
  });

  it('is for administrators: a manager reads none of it', async () => {
    const manager = await WireManager.join(oc.client, 'curious');
    expect((await manager.client.fault('{ auditLog { totalCount } }')).extensions.code).toBe('FORBIDDEN');
  });
});
