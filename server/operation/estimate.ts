import type { Plan } from './planned.ts';

/** How long steps like those of a plan took before, in seconds. */
export interface Timing {
  median: number;
  /** One of ten took longer. */
  p90: number;
  /** So many steps were looked at. */
  steps: number;
}

export interface Timings {
  /** By cluster; those where nothing like it was done are absent. */
  of: ReadonlyMap<string, Timing>;
  /** Of all of these clusters together; null: nothing like it was done in any. */
  all: Timing | null;
}

/** How long an operation should take. */
export interface Estimate {
  /** Seconds, when nodes take as long as they mostly did. */
  seconds: number;
  /** Seconds, when each node takes as long as the slowest tenth did. */
  p90Seconds: number;
  /** From so many steps before. */
  steps: number;
}

type Estimated = Pick<Plan, 'clusters' | 'waves' | 'rollout' | 'rolling'>;

/**
 * How long a plan should take, from how long it took before. What waits for people, for clusters that are offline, or
 * for a time is not in it, and neither is what fails. A cluster where nothing like it was done is taken to be as the
 * others.
 * @returns null: nothing like it was done in any of the clusters
 */
export function estimate(plan: Estimated, { of, all }: Timings): Estimate | null {
  if (!all) return null;
  const timing = (clusterId: string): Timing => of.get(clusterId) ?? all;
  return {
    // The slowest of several is about as slow as the slowest tenth.
    seconds: secondsOf(plan, (id, nodes) => (nodes === 1 ? timing(id).median : timing(id).p90)),
    p90Seconds: secondsOf(plan, (id) => timing(id).p90),
    steps: all.steps,
  };
}

/** @param batchSeconds how long a batch of so many nodes of a cluster takes */
function secondsOf(
  { clusters, waves, rollout, rolling }: Estimated,
  batchSeconds: (clusterId: string, nodes: number) => number,
): number {
  const pause = rolling?.pauseSeconds ?? 0;
  const took = new Map(
    clusters.map(({ clusterId, batches }) => [
      clusterId,
      sum(batches.map(({ length }) => batchSeconds(clusterId, length))) +
        pause * Math.max(0, batches.length - 1),
    ]),
  );
  const ofWaves = waves.map(
    ({ clusterIds, soakSeconds }) =>
      sideBySide(
        clusterIds.map((id) => took.get(id)!),
        rollout.clustersAtOnce,
      ) + soakSeconds,
  );
  return Math.round(sum(ofWaves));
}

/** How long it takes until all are done when so many are under way at once, each begun as soon as there is room. */
function sideBySide(spans: readonly number[], atOnce: number): number {
  const free = new Array<number>(Math.min(atOnce, spans.length)).fill(0);
  for (const span of spans) {
    const first = free.indexOf(Math.min(...free));
    free[first]! += span;
  }
  return Math.max(0, ...free);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
