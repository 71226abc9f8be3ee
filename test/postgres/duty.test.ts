import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dutyHolder } from '../harness/duty-holder.ts';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { running, WireManager } from '../harness/wire-manager.ts';

const CLUSTER = `query ($id: ID!) {
  cluster(id: $id) { controlLink epoch history(first: 100) { edges { node { kind } } } }
}`;

describe('of two servers one has the duty', () => {
  let first: Oc;
  let second: Oc;
  let database: pg.Client;

  beforeAll(async () => {
    // So long that what is done within a lease is done in time on a slow machine too.
    first = await Oc.start({ leaseSeconds: 6 });
    second = await Oc.start({ leaseSeconds: 6, databaseOf: first });
    database = new pg.Client({ connectionString: first.databaseUrl });
    await database.connect();
  });
  afterAll(async () => {
    await database.end();
    await second.stop();
    await first.stop();
  });

  /** The server that the table names. */
  const holder = () => dutyHolder(database, [first, second]);
  const see = async (oc: Oc, id: string) => {
    const { cluster } = await oc.client.data(CLUSTER, { id });
    const kinds: string[] = cluster.history.edges.map(({ node }: { node: { kind: string } }) => node.kind);
    return { link: cluster.controlLink, epoch: cluster.epoch, kinds };
  };

  it('killed, the other takes over; a cluster whose manager comes there in time was never silent', async () => {
    const dying = await until('one has it', holder);
    const other = dying === first ? second : first;
    const manager = await WireManager.join(dying.client, 'moves');
    await manager.snapshot(running('a'));
    await dying.kill();
    await until('the other has the duty', async () => (await holder()) === other);
    await until('the lease has run out', async () => {
      const { rows } = await database.query('SELECT lease_expires_at < now() AS over FROM cluster');
      return rows[0].over as boolean;
    });
    // Nobody may take the primary's place yet.
    const standby = await WireManager.join(other.client, 'moves', 'moves-m2');
    expect(await standby.renew()).toMatchObject({ role: 'STANDBY', primaryName: 'moves-m1' });

    const moved = manager.through(other.client);
    expect(await moved.renew()).toMatchObject({ role: 'PRIMARY', epoch: 1 });
    await moved.delta(running('b'));
    const { link, epoch, kinds } = await see(other, manager.clusterId);
    expect({ link, epoch }).toEqual({ link: 'CONNECTED', epoch: 1 });
    expect(kinds).not.toContain('CLUSTER_SILENT');
  });

  it('and notices the silence of those who do not come', async () => {
    const last = (await until('one has it', holder))!;
    const { clusters } = await last.client.data('{ clusters { edges { node { id } } } }');
    const { id } = clusters.edges[0].node;
    await until('it is noticed', async () => (await see(last, id)).link === 'SILENT');
    const { kinds } = await see(last, id);
    expect(kinds.filter((kind) => kind === 'CLUSTER_SILENT')).toHaveLength(1);
  });

  it('stopped in order, it gives it up', async () => {
    const last = (await until('one has it', holder))!;
    await last.kill('SIGTERM');
    expect((await database.query('SELECT 1 FROM duty')).rows).toEqual([]);
  });
});
