import type { Label } from '../access/grants.ts';

/** So many, or so many percent of what there is. */
export type Amount = { count: number } | { percent: number };

/** As a number of `all`; a percentage is rounded down, because an amount says how much may go wrong at most. */
export const amountOf = (amount: Amount, all: number): number =>
  'count' in amount ? amount.count : Math.floor((amount.percent * all) / 100);

/** As {@link amountOf}, but at least one: less would never get anything done. */
export const someOf = (amount: Amount, all: number): number => Math.max(1, amountOf(amount, all));

export const inWords = (amount: Amount): string =>
  'count' in amount ? String(amount.count) : `${amount.percent}%`;

/** Which clusters make a wave: of those that no earlier wave has taken, and by one of these rules. */
export type WaveChoice =
  | { by: 'labels'; labels: Label[] }
  | { by: 'names'; clusterNames: string[] }
  /** So many of them in the order of the plan; a percentage is one of all clusters of the operation. */
  | { by: 'amount'; amount: Amount };

export interface WaveRule {
  name: string;
  choice: WaveChoice;
  /** It does not begin before someone has promoted it. */
  manualGate: boolean;
  /** Null: as the strategy says. */
  soakSeconds: number | null;
}

export type OnExceeded = 'PAUSE' | 'STOP' | 'REVERT';

/** How an operation goes over its clusters. */
export interface RolloutStrategy {
  /** How many people other than who starts it must approve it before it begins. */
  approvals: number;
  /** What they leave is one more wave at the end. */
  waves: WaveRule[];
  /** Clusters of a wave that are under way at once; those that are offline do not count. */
  clustersAtOnce: number;
  /** Seconds that a wave's clusters must stay healthy after the last of them is done. */
  soakSeconds: number;
  /** Clusters of a wave that may fail. */
  failureBudget: Amount;
  /** What happens when more do. */
  onExceeded: OnExceeded;
  /** Clusters of a wave for which it does not wait while they are offline. */
  offlineBudget: Amount;
}

export const ONE_WAVE: RolloutStrategy = {
  approvals: 0,
  waves: [],
  clustersAtOnce: 10,
  soakSeconds: 0,
  failureBudget: { count: 0 },
  onExceeded: 'PAUSE',
  offlineBudget: { percent: 100 },
};

export const ROLLING_ORDERS = ['NAME', 'ZONE', 'OLDEST_FIRST'] as const;
export type RollingOrder = (typeof ROLLING_ORDERS)[number];

/** How a rolling restart goes over the nodes of one cluster. */
export interface RollingStrategy {
  /** Nodes restarted at once. */
  batchSize: Amount;
  /** Nodes of the cluster that may be other than healthy at once, whatever the reason. */
  maxUnavailable: Amount;
  /** No batch spans two zones, and one zone comes after the other. */
  byZone: boolean;
  order: RollingOrder;
  /** Nodes with one of these roles come after all others, alone. */
  lastRoles: string[];
  /** Seconds that a restarted node may take to be healthy. */
  healthTimeoutSeconds: number;
  /** Seconds that it must stay so before it counts. */
  minHealthySeconds: number;
  /** Seconds of rest between batches. */
  pauseSeconds: number;
  /** Failed nodes after which no further batch begins. */
  stopAfterFailures: Amount;
}

/** A rolling strategy in the numbers of one cluster: what its manager is told. */
export interface RollingLimits {
  batchSize: number;
  maxUnavailable: number;
  healthTimeoutSeconds: number;
  minHealthySeconds: number;
  pauseSeconds: number;
  stopAfterFailures: number;
}

/** @param nodes of the cluster that are to be there: neither left nor stopped. */
export const limitsFor = (rolling: RollingStrategy, nodes: number): RollingLimits => ({
  batchSize: someOf(rolling.batchSize, nodes),
  maxUnavailable: someOf(rolling.maxUnavailable, nodes),
  healthTimeoutSeconds: rolling.healthTimeoutSeconds,
  minHealthySeconds: rolling.minHealthySeconds,
  pauseSeconds: rolling.pauseSeconds,
  stopAfterFailures: someOf(rolling.stopAfterFailures, nodes),
});
