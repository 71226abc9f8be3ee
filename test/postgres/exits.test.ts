import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { operator, START } from '../harness/operator.ts';
import { rounds } from '../harness/rounds.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';
import { createTestDatabase, type TestDatabase } from '../services/postgres.ts';
import { PostgresProxy, type Moment } from '../services/postgres-proxy.ts';

const MOMENTS: Moment[] = [
  'before its statement',
  'before its COMMIT',
  'after its COMMIT, before the answer',
];

describe('the OC dies at the worst moment of a change', () => {
  let database: TestDatabase;
  let proxy: PostgresProxy;
  let oc: Oc;
  beforeAll(async () => {
    database = await createTestDatabase(process.env['TEST_DATABASE_TEMPLATE']);
    proxy = await PostgresProxy.start(database.url);
    oc = await Oc.start({ leaseSeconds: 40, databaseUrl: proxy.url });
  });
  afterAll(async () => {
    await oc.stop();
    await proxy.stop();
    await database.drop();
  });

  const { rolling, ended } = operator(() => oc);

  /** Sends; kills the OC at that moment of the transaction that has the text; sends the same again to the next one. */
  async function killedAndSentAgain(text: string, moment: Moment, send: () => Promise<Answer>) {
    const held = proxy.hold(text, moment);
    const first = send().catch(() => 'no answer');
    await held;
    await oc.kill('SIGKILL');
    expect(await first).toBe('no answer');
    await oc.boot();
    const again = await send();
    expect(again.errors).toBeUndefined();
    return again.data;
  }
  const unique = (what: string): string => `${what}-${randomUUID()}`;

  /** Events of the cluster that tell of the text, by kind. */
  async function told(clusterId: string, text: string): Promise<string[]> {
    const { cluster } = await oc.client.data(
      'query ($id: ID!) { cluster(id: $id) { history(first: 500) { edges { node { kind summary } } } } }',
      { id: clusterId },
    );
    const events: { node: { kind: string; summary: string } }[] = cluster.history.edges;
    return events.filter(({ node }) => node.summary.includes(text)).map(({ node }) => node.kind);
  }

  for (const moment of MOMENTS) {
    const committed = moment === 'after its COMMIT, before the answer';

    it(`${moment}: a report that is sent again is applied once, and so is what follows it`, async () => {
      const manager = await WireManager.join(oc.client, unique('reports'));
      await manager.snapshot(running('n0'));
      for (let round = 0; round < rounds({ short: 1, full: 10 }); round++) {
        const name = unique('node');
        const sequence = ++manager.sequence;
        const report = { kind: 'DELTA', sequence, nodes: running(name) };
        const { reportMembership } = await killedAndSentAgain(name, moment, () => manager.report(report));
        expect(reportMembership).toEqual({ applied: !committed, sequence });
        expect(await told(manager.clusterId, name)).toEqual(['NODE_JOINED']);
        await manager.delta(running(unique('next')));
      }
    });

    it(`${moment}: an operation that is started again is one, and its report has one effect`, async () => {
      const manager = await WireManager.join(oc.client, unique('works'));
      await manager.snapshot(running('n0'));
      for (let round = 0; round < rounds({ short: 1, full: 10 }); round++) {
        const reason = unique('because');
        const input = { plan: rolling(manager), reason, idempotencyKey: unique('key') };
        const { startOperation } = await killedAndSentAgain(reason, moment, () =>
          oc.client.send(START, { input }),
        );
        expect(await told(manager.clusterId, reason)).toEqual(['COMMAND_ISSUED']);

        const commands = manager.commands();
        const command = await until('the command', () => commands.events.at(-1));
        commands.close();
        const why = unique('why');
        const steps = [{ nodeName: 'n0', status: 'FAILED', reason: why }];
        const report = { commandId: command.id, sequence: 1, status: 'FAILED', statusReason: why, steps };
        const { reportCommand } = await killedAndSentAgain(why, moment, () => manager.reportCommand(report));
        expect(reportCommand).toEqual({ applied: !committed, sequence: 1 });
        const { status, history } = await ended(startOperation.id);
        expect(status).toBe('FAILED');
        const kinds = history.edges.map(({ node }: { node: { kind: string } }) => node.kind);
        for (const once of ['OPERATION_STARTED', 'COMMAND_ISSUED', 'STEP_CHANGED', 'OPERATION_FINISHED'])
          expect(
            kinds.filter((kind: string) => kind === once),
            once,
          ).toHaveLength(1);
      }
    });
  }
});
