import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { operationEnded } from '../harness/operation.ts';
import { RealCluster } from '../harness/real-manager.ts';
import { inTheMiddle, onceEach, restartNodeByNode } from '../harness/rolling.ts';
import { rounds } from '../harness/rounds.ts';
import { until } from '../harness/until.ts';

const times = rounds({ short: 1, full: 200 });
const WORKERS = 4;

describe('a primary is frozen past its lease in the middle of a rolling restart', () => {
  let oc: Oc;
  let pair: RealCluster;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 1.5 });
    pair = await RealCluster.start(oc, 'pair', { workers: WORKERS, env: { START_MS: '200' } }, [
      'pair-m1',
      'pair-m2',
    ]);
  });
  afterAll(() => oc.stop());

  const roleOf = async (manager: string) => {
    const { cluster } = await oc.client.data(
      'query ($id: ID!) { cluster(id: $id) { managers { edges { node { name role status } } } } }',
      { id: await pair.id() },
    );
    const { node } = cluster.managers.edges.find(
      ({ node: { name } }: { node: { name: string } }) => name === manager,
    );
    return `${node.status} ${node.role}`;
  };

  /** What the OC answers to each kind of report of this manager under this epoch. */
  const refusals = async (manager: string, epoch: number, operation: string) => {
    const { operation: seen } = await oc.client.data(
      'query ($id: ID!) { operation(id: $id) { commands { edges { node { id } } } } }',
      { id: operation },
    );
    const client = oc.client.as(pair.credential(manager));
    const membership = { epoch, sequence: 1000, kind: 'SNAPSHOT', nodes: [{ name: 'x', status: 'DOWN' }] };
    const command = {
      epoch,
      commandId: seen.commands.edges[0].node.id,
      sequence: 1000,
      status: 'FAILED',
      steps: [],
    };
    return [
      await client.fault(
        'mutation ($input: ReportMembershipInput!) { reportMembership(input: $input) { applied } }',
        { input: membership },
      ),
      await client.fault(
        'mutation ($input: ReportCommandInput!) { reportCommand(input: $input) { applied } }',
        { input: command },
      ),
    ].map(({ extensions }) => `${extensions.code} ${extensions.field}`);
  };

  it(
    'and wakes when its successor has finished it: it spoils nothing, on the wire or on disk',
    async () => {
      for (let round = 1; round <= times; round += 1) {
        const before = await pair.pids();
        const { name, epoch } = await pair.primary();
        const frozen = pair.managers.get(name)!.process;
        const id = await restartNodeByNode(pair);
        await inTheMiddle(oc.client, id);
        // At another moment of a step each time.
        await pause(Math.random() * 300);
        frozen.kill('SIGSTOP');
        const successor = await until('the other one is primary', async () => {
          const now = await pair.primary();
          return now.name !== name && now.link === 'CONNECTED' && now;
        });
        const { status, steps } = await operationEnded(oc.client, id);
        expect(status, `round ${round}`).toBe('SUCCEEDED');
        frozen.kill('SIGCONT');
        await until('it is a standby', async () => (await roleOf(name)) === 'CONNECTED STANDBY');
        expect(await refusals(name, epoch, id)).toEqual(['CONFLICT input.epoch', 'CONFLICT input.epoch']);

        // Whoever is next knows only what stands on the disk.
        await pair.managers.get(successor.name)!.kill('SIGKILL');
        await pair.startManager(successor.name);
        await until('somebody has taken over', async () => {
          const now = await pair.primary();
          return now.epoch > successor.epoch && now.link === 'CONNECTED';
        });
        await until(
          'both are there',
          async () =>
            (await roleOf(name)).startsWith('CONNECTED') &&
            (await roleOf(successor.name)).startsWith('CONNECTED'),
        );
        await pair.allRunning();
        await onceEach(pair, before, steps);
        expect(pair.processes(), `round ${round}: one process a node`).toHaveLength(WORKERS);
      }
    },
    times * 60_000,
  );
});
