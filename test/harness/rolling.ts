import { expect } from 'vitest';
import type { Client } from './client.ts';
import { seeOperation, startOperation, type StepSeen } from './operation.ts';
import type { RealCluster } from './real-manager.ts';
import { until } from './until.ts';

/** Starts a rolling restart of the whole cluster, node after node, and answers its id. */
export const restartNodeByNode = async (cluster: RealCluster): Promise<string> =>
  startOperation(cluster.client, {
    kind: 'ROLLING_RESTART',
    targets: { clusterIds: [await cluster.id()] },
    rolling: { batchSize: { count: 1 }, maxUnavailable: { count: 1 }, healthTimeoutSeconds: 30 },
  });

/** Waits until some steps are done and some are not. */
export const inTheMiddle = (client: Client, id: string): Promise<StepSeen[]> =>
  until('it is in the middle', async () => {
    const operation = await seeOperation(client, id);
    const { steps } = operation;
    const done = steps.filter(({ status }) => status === 'SUCCEEDED').length;
    if (done === 0 || done === steps.length) throw new Error(JSON.stringify(operation));
    return steps;
  });

/** Each worker is another one than before, and the one that runs now is the one that its step has started. */
export async function onceEach(
  cluster: RealCluster,
  before: Record<string, number | null>,
  steps: readonly StepSeen[],
): Promise<void> {
  for (const { nodeName, instanceBefore, instanceAfter } of steps) {
    expect(instanceBefore, nodeName).toContain(`pid ${before[nodeName]} `);
    expect(instanceAfter, nodeName).not.toBe(instanceBefore);
  }
  await cluster.asTheStepsSay(steps);
}
