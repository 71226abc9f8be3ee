import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { operationEnded } from '../harness/operation.ts';
import { RealCluster } from '../harness/real-manager.ts';
import { onceEach, restartNodeByNode } from '../harness/rolling.ts';
import { until } from '../harness/until.ts';
import { WireManager } from '../harness/wire-manager.ts';

describe('managers whose credentials hold for seconds', () => {
  let oc: Oc;
  beforeAll(async () => {
    // Renewed every 6 s: two thirds of 9.
    oc = await Oc.start({ leaseSeconds: 2, env: { CREDENTIAL_HOURS: '0.0025' } });
  });
  afterAll(() => oc.stop());

  const renewals = async (manager: string): Promise<number> => {
    const { auditLog } = await oc.client.data(
      'query ($actor: String!) { auditLog(filter: { action: ["renewCredential"], actor: $actor }) { totalCount } }',
      { actor: manager },
    );
    return auditLog.totalCount;
  };

  it('renew them as long as they live: no line, no lease and no restart is cut off', async () => {
    const names = ['lively-m1', 'lively-m2'];
    const cluster = await RealCluster.start(oc, 'lively', { workers: 4, env: { START_MS: '1500' } }, names);
    const before = await cluster.pids();
    const { name, epoch } = await cluster.primary();
    const id = await restartNodeByNode(cluster);
    const ended = await operationEnded(oc.client, id);
    expect(ended.status).toBe('SUCCEEDED');
    await onceEach(cluster, before, ended.steps);
    for (const manager of names)
      await until(`${manager} has renewed twice`, async () => (await renewals(manager)) >= 2);
    expect(await cluster.primary()).toMatchObject({ name, epoch, link: 'CONNECTED' });
    for (const manager of cluster.managers.values()) {
      expect(manager.output).not.toMatch(/interrupted|not primary: the OC|cannot/);
    }
  });

  it('lose an answer to a renewal, are killed, and are still let in', async () => {
    const lost: string[] = [];
    let cutting = false;
    const line = createServer((manager) => {
      const server = connect(Number(new URL(oc.url).port), '127.0.0.1');
      const cut = () => [manager, server].forEach((socket: Socket) => socket.destroy());
      for (const socket of [manager, server]) socket.on('error', cut).on('close', cut);
      let renewing = false;
      manager.on('data', (data: Buffer) => {
        renewing ||= cutting && data.includes('renewCredential');
        server.write(data);
      });
      server.on('data', (data: Buffer) => {
        if (!renewing) return void manager.write(data);
        // The OC has answered, so it knows the new credential.
        lost.push(data.toString());
        cut();
      });
    });
    await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
    oc.atEnd(async () => line.close());
    const { port } = line.address() as AddressInfo;
    const cluster = await RealCluster.start(oc, 'unheard', { workers: 1, ocUrl: `http://127.0.0.1:${port}` });
    const first = cluster.credential('unheard-m1');
    cutting = true;
    await until('two answers are lost', () => lost.length >= 2);
    expect(lost[0]).toContain('validForMs');
    expect(cluster.credential('unheard-m1')).toBe(first);
    await cluster.managers.get('unheard-m1')!.kill('SIGKILL');
    cutting = false;
    await cluster.startManager('unheard-m1');
    const renewed = await until('it shows another', () => {
      const now = cluster.credential('unheard-m1');
      return now !== first && now;
    });
    await until('which the OC knows', async () => {
      const { errors } = await oc.client.as(renewed).send('query ($id: ID!) { cluster(id: $id) { id } }', {
        id: await cluster.id(),
      });
      return !errors;
    });
    await until('it is connected', async () => (await cluster.primary()).link === 'CONNECTED');
  });

  it('are revoked: they say so, touch nothing more, and come back by a new token only', async () => {
    const cluster = await RealCluster.start(oc, 'banned', { workers: 1 });
    const before = await cluster.pids();
    const { cluster: seen } = await oc.client.data(
      'query ($id: ID!) { cluster(id: $id) { primary { id } } }',
      {
        id: await cluster.id(),
      },
    );
    await oc.client.data(
      'mutation ($id: ID!) { revokeManager(input: { managerId: $id, reason: "host was sold" }) { status } }',
      { id: seen.primary.id },
    );
    const manager = cluster.managers.get('banned-m1')!;
    await until('it says why', () => manager.output.includes('was revoked by local: host was sold'));
    await until('it says what to do', () => manager.output.includes('get an enrolment token'));
    expect(manager.running).toBe(true);
    const status = async () => {
      const { cluster: now } = await oc.client.data(
        'query ($id: ID!) { cluster(id: $id) { controlLink managers { edges { node { status } } } } }',
        { id: await cluster.id() },
      );
      return { link: now.controlLink, manager: now.managers.edges[0].node.status };
    };
    await until('it is shown', async () => {
      const { link, manager: shown } = await status();
      return link === 'SILENT' && shown === 'REVOKED';
    });
    await manager.kill('SIGTERM');
    const again = await cluster.startManager('banned-m1', await WireManager.token(oc.client));
    await until('it is back', async () => (await status()).manager === 'CONNECTED');
    await until('it says so', () => again.output.includes('registered with'));
    expect(await cluster.pids()).toEqual(before);
  });
});
