import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { running, WireManager } from '../harness/wire-manager.ts';
import { createTestDatabase, type TestDatabase } from '../services/postgres.ts';
import { PostgresProxy } from '../services/postgres-proxy.ts';

const REPORT = 'mutation ($input: ReportMetricsInput!) { reportMetrics(input: $input) { applied } }';
const FOLLOW = `subscription ($id: ID) {
  metricsReported(clusterId: $id) { nodes { metrics { value } } }
}`;
/** What only the statement has that reads the newest values. */
const READ = 'FROM node_metric AS m JOIN node';

describe('many who follow the same metrics', () => {
  let database: TestDatabase;
  let proxy: PostgresProxy;
  let oc: Oc;
  beforeAll(async () => {
    database = await createTestDatabase(process.env['TEST_DATABASE_TEMPLATE']);
    proxy = await PostgresProxy.start(database.url);
    oc = await Oc.start({ leaseSeconds: 120, databaseUrl: proxy.url });
  });
  afterAll(async () => {
    await oc.stop();
    await proxy.stop();
    await database.drop();
  });

  it('are told by one read of the database, and who follows others by another', async () => {
    const managers = [await WireManager.join(oc.client, 'shop'), await WireManager.join(oc.client, 'bank')];
    for (const manager of managers) await manager.snapshot(running('a'));
    const [shop, bank] = managers as [WireManager, WireManager];
    const report = ({ client, epoch }: WireManager, value: number) => {
      const samples = [{ name: 'cpu.user', value, at: new Date(1e12 + value * 1000).toISOString() }];
      return client.data(REPORT, { input: { epoch, nodes: [{ name: 'a', samples }] } });
    };
    const followers = Array.from({ length: 40 }, (_, n) =>
      oc.client.subscribe(FOLLOW, { id: n < 20 ? shop.clusterId : bank.clusterId }),
    );
    await until('all have begun', () => followers.every(({ events }) => events.length > 0));
    const tell = async (value: number) => {
      await Promise.all([report(shop, value), report(bank, value)]);
      await until('all are told', () =>
        followers.every(({ events }) => JSON.stringify(events).includes(`"value":${value}}`)),
      );
    };
    // Who came one after the other is at one place with this.
    await tell(1);
    const reads = proxy.count(READ);
    for (let value = 2; value <= 4; value++) await tell(value);
    // Two reports can be seen one after the other: then both groups look twice.
    expect(reads()).toBeGreaterThanOrEqual(3 * 2);
    expect(reads()).toBeLessThanOrEqual(3 * 4);
    for (const { close } of followers) close();
  });
});
