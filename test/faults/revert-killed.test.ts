import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { operator } from '../harness/operator.ts';
import { rounds } from '../harness/rounds.ts';
import { until } from '../harness/until.ts';
import type { WireManager } from '../harness/wire-manager.ts';

describe('the OC is killed while its failure budget stops an operation', () => {
  let oc: Oc;
  beforeAll(async () => {
    // Also how long a successor waits before it carries on what the killed one did.
    oc = await Oc.start({ leaseSeconds: 3 });
  });
  afterAll(() => oc.stop());
  const { start, cluster } = operator(() => oc);

  const inversesOf = async (id: string): Promise<string[]> => {
    const { operations } = await oc.client.data(
      '{ operations(first: 100, filter: { kind: [START] }) { edges { node { id reverts { id } } } } }',
    );
    return operations.edges
      .filter(({ node }: { node: { reverts: { id: string } } }) => node.reverts.id === id)
      .map(({ node }: { node: { id: string } }) => node.id);
  };
  const report = async (manager: WireManager, commandId: string, status: 'SUCCEEDED' | 'FAILED') => {
    manager.epoch = (await manager.renew()).epoch;
    const steps = [{ nodeName: 'a', status }];
    const { errors } = await manager.reportCommand({ commandId, sequence: 1, status, steps });
    expect(errors).toBeUndefined();
  };
  /** That of the manager's cluster, once it is issued. */
  const commandOf = async (id: string, manager: WireManager): Promise<string | false> => {
    const { operation } = await oc.client.data(
      'query ($id: ID!) { operation(id: $id) { commands { edges { node { id status cluster { id } } } } } }',
      { id },
    );
    const { node } = operation.commands.edges.find(
      ({ node }: { node: { cluster: { id: string } } }) => node.cluster.id === manager.clusterId,
    );
    return node.status !== 'PLANNED' && node.id;
  };

  it('and it is taken back once, whenever that was', async () => {
    for (let round = 0; round < rounds({ short: 2, full: 30 }); round++) {
      const [done, failing] = [await cluster(`done-${round}`, 'a'), await cluster(`failing-${round}`, 'a')];
      const id = await start({
        kind: 'SHUTDOWN',
        targets: { clusterIds: [done.clusterId, failing.clusterId] },
        rollout: { onExceeded: 'REVERT' },
      });
      const doneId = await until('the command', () => commandOf(id, done));
      const failingId = await until('the other one', () => commandOf(id, failing));
      await report(done, doneId, 'SUCCEEDED');
      const told = report(failing, failingId, 'FAILED').catch(() => undefined);
      await delay(Math.random() * 150);
      await oc.kill('SIGKILL');
      await told;
      await oc.boot();
      // Its manager heard no answer, perhaps: it says so again.
      await report(failing, failingId, 'FAILED');
      const [inverse] = await until('its inverse', async () => {
        const ids = await inversesOf(id);
        return ids.length > 0 && ids;
      });
      await oc.kill('SIGKILL');
      await oc.boot();
      const again = await until('it is issued', () => commandOf(inverse!, done));
      await report(done, again, 'SUCCEEDED');
      await until('the inverse ends', async () => {
        const { operation } = await oc.client.data('query ($id: ID!) { operation(id: $id) { status } }', {
          id: inverse,
        });
        return operation.status === 'SUCCEEDED';
      });
      expect(await inversesOf(id)).toEqual([inverse]);
    }
  });
});
