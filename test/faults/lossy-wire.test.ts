import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LossyLine, type Fault } from '../harness/lossy-line.ts';
import { Oc } from '../harness/oc.ts';
import { startOperation } from '../harness/operation.ts';
import { rounds } from '../harness/rounds.ts';
import { SimulatedManager } from '../harness/simulated-manager.ts';
import { until } from '../harness/until.ts';

const CLUSTERS = rounds({ short: 5, full: 50 });
/** Each is a command for each cluster. */
const OPERATIONS = rounds({ short: 10, full: 100 });
/** Operations that are open at once. */
const OPEN = rounds({ short: 3, full: 25 });

describe('a fifth of what managers and the OC say to each other is lost, doubled or late', () => {
  let oc: Oc;
  const lines: LossyLine[] = [];
  const managers: SimulatedManager[] = [];
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 5 });
    for (let n = 1; n <= CLUSTERS; n += 1) {
      const line = await LossyLine.open(oc.url);
      lines.push(line);
      managers.push(
        await SimulatedManager.start(oc.client, `lossy-${n}`, { folder: oc.folder, ocUrl: line.url }),
      );
    }
    oc.atEnd(async () => {
      for (const line of lines) line.mend();
      await Promise.all(managers.map((manager) => manager.go()));
      await Promise.all(lines.map((line) => line.close()));
    });
  });
  afterAll(() => oc.stop());

  it('and each command has its effect once', async () => {
    const clusterIds = managers.map(({ clusterId }) => clusterId);
    const ids: string[] = [];
    const open = async () => {
      const { operations } = await oc.client.data(
        '{ operations(filter: { status: [PENDING, RUNNING, PAUSED, ABORTING] }) { totalCount } }',
      );
      return operations.totalCount as number;
    };
    for (let n = 0; n < OPERATIONS; n += 1) {
      if (ids.length >= OPEN) await until('some have ended', async () => (await open()) < OPEN);
      const kind = n % 2 === 0 ? { kind: 'RESTART' } : { kind: 'ROLLING_RESTART', rolling: {} };
      ids.push(
        await startOperation(oc.client, {
          ...kind,
          targets: { clusterIds },
          rollout: { clustersAtOnce: CLUSTERS },
        }),
      );
    }
    await until('all have ended', async () => (await open()) === 0);

    const told = new Map(managers.map(({ name }) => [name, [] as (string | null)[]]));
    for (const id of ids) {
      const { operation } = await oc.client.data(
        `query ($id: ID!) {
          operation(id: $id) {
            status commands(first: ${CLUSTERS}) { edges { node {
              cluster { name } steps(first: 1) { edges { node { instanceAfter } } }
            } } }
          }
        }`,
        { id },
      );
      expect(operation.status).toBe('SUCCEEDED');
      for (const { node } of operation.commands.edges)
        told.get(node.cluster.name)!.push(node.steps.edges[0].node.instanceAfter);
    }
    for (const { name, nodes } of managers) {
      expect([...nodes.starts], name).toEqual([['n1', OPERATIONS]]);
      expect(told.get(name), 'each command tells of a start').toHaveLength(OPERATIONS);
      expect(new Set(told.get(name)).size, 'of one of its own').toBe(OPERATIONS);
    }
    const faults: Fault[] = ['lost', 'unanswered', 'doubled', 'late', 'cut', 'twice', 'swapped'];
    for (const fault of faults) {
      const count = lines.reduce((sum, line) => sum + (line.faults.get(fault) ?? 0), 0);
      expect(count, `the line was ${fault}`).toBeGreaterThan(0);
    }
  });
});
