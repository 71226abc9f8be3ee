import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { RawSocket } from '../harness/raw-socket.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const RENEW = `mutation ($credential: String!) {
  renewCredential(input: { credential: $credential }) { credential { validForMs renewAfterMs } }
}`;
const REVOKE = `mutation ($id: ID!) {
  revokeManager(input: { managerId: $id, reason: "stolen" }) { status revokedBy revokedReason }
}`;
const OWN =
  'query ($id: ID!) { cluster(id: $id) { name primary { id } managers { edges { node { id name status } } } } }';
const DAY_MS = 86_400_000;

describe('a manager’s credential', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 60 });
  });
  afterAll(() => oc.stop());

  const register = (name: string, input: object) =>
    WireManager.register(oc.client, {
      cluster: { name, kind: 'process' },
      manager: { name: `${name}-m1`, version: '1' },
      ...input,
    });
  const managerOf = async ({ clusterId: id }: WireManager) => {
    const { cluster } = await oc.client.data(OWN, { id });
    return cluster.managers.edges[0].node as { id: string; name: string; status: string };
  };

  it('holds for a day, is to be renewed at two thirds of it, and is not in the first third', async () => {
    const credential = WireManager.credential();
    const { data } = await register('daily', { token: await WireManager.token(oc.client), credential });
    const { validForMs, renewAfterMs } = data.registerManager.credential;
    expect(validForMs).toBe(DAY_MS);
    expect(renewAfterMs).toBe((DAY_MS * 2) / 3);
    const entries = async () => (await oc.client.data('{ auditLog { totalCount } }')).auditLog.totalCount;
    const before = await entries();
    const client = oc.client.as(credential);
    expect((await client.fault(RENEW, { credential: WireManager.credential() })).extensions).toMatchObject({
      ...{ code: 'CONFLICT', field: 'input.credential', renewAfterMs: expect.closeTo((DAY_MS * 2) / 3, -5) },
    });
    const leave = 'mutation { leave(input: { epoch: 2 }) { left } }';
    for (let n = 0; n < 3; n++) {
      expect((await register('daily', { credential })).errors).toBeUndefined();
      await client.data(leave);
      await client.data(leave);
    }
    expect(await entries(), 'what it can do at will fills no audit log').toBe(before);
    const { clusters } = await oc.client.data(
      '{ clusters(filter: { search: "daily" }) { edges { node { history { edges { node { kind } } } } } } }',
    );
    const told = (kind: string) => JSON.stringify(clusters).split(`"${kind}"`).length - 1;
    expect({ left: told('MANAGER_LEFT'), registered: told('MANAGER_REGISTERED') }).toEqual({
      ...{ left: 3, registered: 1 + 3 },
    });
  });

  it('ends when the manager is revoked, which only another token and another credential put right', async () => {
    const token = await WireManager.token(oc.client, { uses: 5 });
    const credential = WireManager.credential();
    const { data } = await register('revoked', { token, credential });
    const { clusterId, managerId: id } = data.registerManager;
    const client = oc.client.as(credential);
    const line = await RawSocket.open(client);
    line.ask('subscription { commandIssued(epoch: 1) { id } }', {});
    expect((await client.fault(REVOKE, { id })).extensions.code).toBe('FORBIDDEN');
    expect((await oc.client.data(REVOKE, { id })).revokeManager).toEqual({
      ...{ status: 'REVOKED', revokedBy: 'local', revokedReason: 'stolen' },
    });
    const again = await oc.client.data(
      'mutation ($id: ID!) { revokeManager(input: { managerId: $id, reason: "again" }) { status revokedReason } }',
      { id },
    );
    expect(again.revokeManager).toEqual({ status: 'REVOKED', revokedReason: 'stolen' });
    await until('its line is closed', () => line.closed);
    expect(line.closed?.code).toBe(4401);
    const { cluster } = await oc.client.data(OWN, { id: clusterId });
    expect(cluster.primary).toBeNull();
    const refused = await client.fault(OWN, { id: clusterId });
    expect(refused.extensions).toMatchObject({ code: 'UNAUTHENTICATED', ended: 'REVOKED' });
    expect(refused.message).toContain('revoked by local: stolen');

    const another = WireManager.credential();
    expect((await register('revoked', { token, credential })).errors?.[0]?.extensions).toMatchObject({
      ended: 'REVOKED',
    });
    const sameToken = await register('revoked', { token, credential: another });
    expect(sameToken.errors?.[0]?.extensions).toMatchObject({
      code: 'UNAUTHENTICATED',
      field: 'input.token',
    });
    const fresh = await WireManager.token(oc.client);
    const sameSecret = await register('revoked', { token: fresh, credential });
    expect(sameSecret.errors?.[0]?.extensions).toMatchObject({ ended: 'REVOKED' });
    const back = await register('revoked', { token: fresh, credential: another });
    expect(back.data.registerManager).toMatchObject({ managerId: id, lease: { role: 'PRIMARY', epoch: 2 } });
    expect((await oc.client.fault(REVOKE, { id: 'nobody' })).extensions.code).toBe('NOT_FOUND');
  });

  it('of one manager gets nothing of another’s cluster', async () => {
    const a = await WireManager.join(oc.client, 'a');
    const b = await WireManager.join(oc.client, 'b');
    await a.snapshot(running('a-1'));
    await b.snapshot(running('b-1'));
    const { cluster } = await b.client.data(
      'query ($id: ID!) { cluster(id: $id) { nodes { edges { node { id } } } } }',
      { id: b.clusterId },
    );
    const nodeId = cluster.nodes.edges[0].node.id as string;
    const { startOperation } = await oc.client.data(
      `mutation ($id: ID!) { startOperation(input: {
        plan: { kind: RESTART, targets: { clusterIds: [$id] } }, reason: "r", idempotencyKey: "of b"
      }) { id commands { edges { node { id } } } } }`,
      { id: b.clusterId },
    );
    const commandId = startOperation.commands.edges[0].node.id as string;
    const { id: managerId } = await managerOf(b);

    const answers = await Promise.all([
      a.client.send(OWN, { id: b.clusterId }),
      a.client.send('query ($id: ID!) { node(id: $id) { id name } }', { id: nodeId }),
      a.client.send('query ($id: ID!) { operation(id: $id) { id } }', { id: startOperation.id }),
      a.client.send('query ($id: ID!) { operationChanged(id: $id) { __typename } }', {
        id: startOperation.id,
      }),
      a.client.send(REVOKE, { id: managerId }),
      a.reportCommand({ commandId, sequence: 1, status: 'RUNNING' }),
      a.client.send(`mutation ($input: ReportMetricsInput!) { reportMetrics(input: $input) { applied } }`, {
        input: {
          epoch: a.epoch,
          nodes: [{ name: 'b-1', samples: [{ name: 'cpu', value: 1, at: new Date().toISOString() }] }],
        },
      }),
    ]);
    for (const { data } of answers) expect(Object.values(data ?? {}).filter(Boolean)).toEqual([]);
    const missing = answers.filter(({ errors }) => !errors);
    expect(missing, 'by an id: as if there were none').toHaveLength(2);
    // What it says of a node of that name is said of its own cluster.
    await a.delta([{ name: 'b-1', status: 'DOWN' }]);
    const { node } = await oc.client.data('query ($id: ID!) { node(id: $id) { status cluster { name } } }', {
      id: nodeId,
    });
    expect(node).toEqual({ status: 'RUNNING', cluster: { name: 'b' } });
    const heard = a.commands();
    for (const query of ['topologyChanged { __typename }', 'metricsReported { __typename }']) {
      const other = a.client.subscribe(`subscription { ${query} }`);
      await until('it is refused', () => other.errors[0]);
      expect(other.events).toEqual([]);
      other.close();
    }
    const { data } = await register('a', { credential: a.client.credential });
    expect(data.registerManager.lease.epoch).toBe(2);
    await until('its own line ended with the epoch', () => heard.ended || heard.errors[0]);
    expect(heard.events).toEqual([]);
    heard.close();
  });
});

describe('a manager’s credential that nobody renews', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 60, env: { CREDENTIAL_HOURS: '0.001' } });
  });
  afterAll(() => oc.stop());

  it('ends by the OC’s clock, with what is open under it', async () => {
    const manager = await WireManager.join(oc.client, 'forgetful');
    const line = await RawSocket.open(manager.client);
    line.ask('subscription { commandIssued(epoch: 1) { id } }', {});
    await until('the line is closed', () => line.closed);
    expect(line.closed?.code).toBe(4401);
    const { extensions } = await manager.client.fault(OWN, { id: manager.clusterId });
    expect(extensions).toMatchObject({ code: 'UNAUTHENTICATED', ended: 'EXPIRED' });
    const { errors } = await WireManager.register(oc.client, {
      credential: manager.client.credential,
      token: await WireManager.token(oc.client),
      cluster: { name: 'forgetful', kind: 'process' },
      manager: { name: 'forgetful-m1', version: '1' },
    });
    expect(errors?.[0]?.extensions).toMatchObject({ ended: 'EXPIRED' });
  });
});

describe('a manager’s credential that is renewed', () => {
  let oc: Oc;
  beforeAll(async () => {
    // A third of its life is 8 s.
    oc = await Oc.start({ leaseSeconds: 60, env: { CREDENTIAL_HOURS: '0.00667' } });
  });
  afterAll(() => oc.stop());

  const register = (name: string, input: object) =>
    WireManager.register(oc.client, {
      cluster: { name, kind: 'process' },
      manager: { name: `${name}-m1`, version: '1' },
      ...input,
    });
  /** As soon as it may be. */
  const renewed = (client: Client, credential: string) =>
    until('it is renewed', async () => !(await client.send(RENEW, { credential })).errors);

  it('is renewed without a break: the old one holds until the new one is used', async () => {
    const manager = await WireManager.join(oc.client, 'renewed');
    const old = manager.client;
    const line = await RawSocket.open(old);
    line.ask('subscription ($epoch: Int!) { commandIssued(epoch: $epoch) { id } }', { epoch: manager.epoch });
    const credential = WireManager.credential();
    // The first answer is taken for lost.
    await renewed(old, credential);
    await old.data(RENEW, { credential });
    expect((await old.data(OWN, { id: manager.clusterId })).cluster.name).toBe('renewed');
    const next = old.as(credential);
    expect((await next.data(OWN, { id: manager.clusterId })).cluster.name).toBe('renewed');
    expect((await old.fault(OWN, { id: manager.clusterId })).extensions.code).toBe('UNAUTHENTICATED');
    // And once more; then another manager joins, and all lines of the cluster are looked at anew.
    const third = WireManager.credential();
    await renewed(next, third);
    await manager.client.as(third).data(OWN, { id: manager.clusterId });
    const moved = manager.with(third);
    await moved.snapshot(running('a'));
    await WireManager.join(oc.client, 'renewed', 'renewed-m2');
    const { startOperation } = await oc.client.data(
      `mutation ($id: ID!) { startOperation(input: {
        plan: { kind: RESTART, targets: { clusterIds: [$id] } }, reason: "r", idempotencyKey: "renewed"
      }) { id } }`,
      { id: manager.clusterId },
    );
    expect(startOperation.id).toBeTruthy();
    await until('the first line tells the command', () => line.of('next').length > 0);
    expect(line.closed).toBeUndefined();
    line.webSocket.terminate();
  });

  it('lets a manager that was started again register, whichever of two it shows', async () => {
    const manager = await WireManager.join(oc.client, 'twofold');
    const credential = WireManager.credential();
    await renewed(manager.client, credential);
    expect((await register('twofold', { credential: manager.client.credential })).errors).toBeUndefined();
    expect((await register('twofold', { credential })).errors).toBeUndefined();
    expect(
      (await register('twofold', { credential: manager.client.credential })).errors?.[0]?.extensions,
    ).toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('is never one that another manager has, or is about to have', async () => {
    const one = await WireManager.join(oc.client, 'shared');
    const other = await WireManager.join(oc.client, 'shared', 'shared-m2');
    const next = WireManager.credential();
    await renewed(other.client, next);
    for (const credential of [other.client.credential, next]) {
      const { extensions } = await one.client.fault(RENEW, { credential });
      expect(extensions).toMatchObject({ code: 'INVALID', field: 'input.credential' });
    }
    expect((await other.client.as(next).data(OWN, { id: other.clusterId })).cluster.name).toBe('shared');
  });
});
