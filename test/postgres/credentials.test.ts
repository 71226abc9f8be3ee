import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { RawSocket } from '../harness/raw-socket.ts';
import { until } from '../harness/until.ts';
import { WireManager } from '../harness/wire-manager.ts';

describe('two servers on one database', () => {
  let a: Oc;
  let b: Oc;
  beforeAll(async () => {
    a = await Oc.start();
    b = await Oc.start({ databaseOf: a });
  });
  afterAll(async () => {
    await b.stop();
    await a.stop();
  });

  it('a credential that is replaced on one ends what is open under it on the other', async () => {
    const first = await WireManager.join(a.client, 'moved', 'm');
    const onB = await RawSocket.open(first.through(b.client).client);
    onB.ask('query ($id: ID!) { cluster(id: $id) { name } }', { id: first.clusterId });
    await until('it is answered', () => onB.of('next').length > 0);
    const token = await WireManager.token(a.client);
    await until('another manager has registered under the name', async () => {
      const { errors } = await WireManager.register(a.client, {
        token,
        cluster: { name: 'moved', kind: 'process' },
        manager: { name: 'm', version: '2' },
      });
      return !errors;
    });
    await until('the line is closed', () => onB.closed);
    expect(onB.closed?.code).toBe(4401);
  });

  it('one that ran out while the database was away is believed at once when it is back', async () => {
    const wire = await WireManager.join(a.client, 'excused', 'm');
    const restarted = await WireManager.join(a.client, 'excused', 'm2');
    // As an outage of an hour leaves it: nobody has noted since that a server is at work.
    const database = new pg.Client({ connectionString: a.databaseUrl });
    await database.connect();
    await database.query(`WITH away AS (UPDATE presence SET at = at - interval '1 hour')
      UPDATE manager SET credential_expires_at = now() - interval '1 minute' WHERE name IN ('m', 'm2')`);
    await database.end();
    expect((await wire.renew()).role).toBe('PRIMARY');
    const { errors } = await WireManager.register(a.client, {
      credential: restarted.client.credential,
      cluster: { name: 'excused', kind: 'process' },
      manager: { name: 'm2', version: '1' },
    });
    expect(errors).toBeUndefined();
  });

  it('a manager that is revoked on one has its lines closed on the other, without any bell between them', async () => {
    const manager = await WireManager.join(a.client, 'barred');
    const standby = await WireManager.join(a.client, 'barred', 'barred-m2');
    const lines = await Promise.all(
      [manager, standby].map((one) => RawSocket.open(one.through(b.client).client)),
    );
    for (const line of lines)
      line.ask('query ($id: ID!) { cluster(id: $id) { name } }', { id: manager.clusterId });
    await until('both are answered', () => lines.every((line) => line.of('next').length > 0));
    const { cluster } = await a.client.data('query ($id: ID!) { cluster(id: $id) { primary { id } } }', {
      id: manager.clusterId,
    });
    await a.client.data(
      'mutation ($id: ID!) { revokeManager(input: { managerId: $id, reason: "r" }) { status } }',
      { id: cluster.primary.id },
    );
    await until('the line is closed', () => lines[0]!.closed);
    expect(lines[0]!.closed?.code).toBe(4401);
    expect((await manager.through(b.client).client.fault('{ __typename }')).extensions).toMatchObject({
      ended: 'REVOKED',
    });
    expect((await standby.through(b.client).renew()).role).toBe('PRIMARY');
    expect(lines[1]!.closed).toBeUndefined();
    lines[1]!.webSocket.terminate();
  });
});
