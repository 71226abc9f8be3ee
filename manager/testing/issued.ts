import type { IssuedCommand } from '../graphql.ts';

/** A command as the OC issues it: a rolling restart of these batches. */
export const issued = (
  id: string,
  batches: string[][],
  change: Partial<IssuedCommand> = {},
): IssuedCommand => ({
  id,
  kind: 'ROLLING_RESTART',
  mode: 'GRACEFUL',
  rolling: {
    batchSize: 1,
    maxUnavailable: 1,
    healthTimeoutSeconds: 30,
    minHealthySeconds: 0,
    pauseSeconds: 0,
    stopAfterFailures: 1,
  },
  status: 'PENDING',
  pauseRequested: false,
  abortRequested: false,
  abortAtOnce: false,
  reportSequence: 0,
  allSteps: batches.flatMap((nodes, batch) =>
    nodes.map((nodeName) => ({
      nodeName,
      batch,
      status: 'PENDING' as const,
      skipRequested: false,
      pauseRequested: false,
      reason: null,
      output: [],
      instanceBefore: null,
      instanceAfter: null,
      startedAt: null,
      finishedAt: null,
    })),
  ),
  ...change,
});
