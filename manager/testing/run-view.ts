import type { Rolling, StepStatus } from '../graphql.ts';
import type { RunView, StepView } from '../rolling.ts';

export const ROLLING: Rolling = {
  batchSize: 1,
  maxUnavailable: 1,
  healthTimeoutSeconds: 60,
  minHealthySeconds: 0,
  pauseSeconds: 0,
  stopAfterFailures: 1,
};
export const step = (nodeName: string, batch: number, status: StepStatus = 'PENDING'): StepView => ({
  nodeName,
  batch,
  status,
  skipRequested: false,
  pauseRequested: false,
});
/** Three nodes that run, one by one; nothing has begun. */
export const view = (change: Partial<RunView>): RunView => ({
  rolling: ROLLING,
  pauseRequested: false,
  abortRequested: false,
  abortAtOnce: false,
  confirmBy: null,
  steps: [step('a', 0), step('b', 1), step('c', 2)],
  nodes: new Map([
    ['a', 'RUNNING'],
    ['b', 'RUNNING'],
    ['c', 'RUNNING'],
  ]),
  stoppedBefore: new Set(),
  now: 1000,
  batchEndedAt: null,
  heldSince: null,
  ...change,
});
