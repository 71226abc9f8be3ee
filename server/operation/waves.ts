import { amountOf, type RolloutStrategy, type WaveChoice } from './strategy.ts';
import type { Label } from '../access/grants.ts';

export interface WavePlan {
  /** From 0, in the order in which they are done. */
  index: number;
  name: string;
  clusterIds: string[];
  manualGate: boolean;
  soakSeconds: number;
  /** How many of its clusters may fail, and of how many it does not wait for the return. */
  failureBudget: number;
  offlineBudget: number;
}

interface WavingCluster {
  id: string;
  name: string;
  labels: readonly Label[];
}

/**
 * Deals clusters out to waves: each rule takes from what the rules before it have left, and what is left in the end is
 * a last wave. Every cluster is in exactly one; a rule that takes none makes no wave.
 *
 * @param clusters in the order of the plan.
 */
export function wavesOf(rollout: RolloutStrategy, clusters: readonly WavingCluster[]): WavePlan[] {
  let left = [...clusters];
  const rules = rollout.waves.map((rule) => {
    const taken = taking(rule.choice, left, clusters.length);
    left = left.filter((cluster) => !taken.has(cluster.id));
    return { ...rule, clusterIds: [...taken] };
  });
  const rest = {
    name: rules.length === 0 ? 'all' : 'rest',
    clusterIds: left.map(({ id }) => id),
    manualGate: false,
    soakSeconds: null,
  };
  return [...rules, rest]
    .filter(({ clusterIds }) => clusterIds.length > 0)
    .map(({ name, clusterIds, manualGate, soakSeconds }, index) => ({
      index,
      name,
      clusterIds,
      manualGate,
      soakSeconds: soakSeconds ?? rollout.soakSeconds,
      failureBudget: amountOf(rollout.failureBudget, clusterIds.length),
      offlineBudget: amountOf(rollout.offlineBudget, clusterIds.length),
    }));
}

function taking(choice: WaveChoice, left: readonly WavingCluster[], all: number): Set<string> {
  const ids = (clusters: readonly WavingCluster[]) => new Set(clusters.map(({ id }) => id));
  switch (choice.by) {
    case 'labels':
      return ids(left.filter(({ labels }) => choice.labels.every((wanted) => hasLabel(labels, wanted))));
    case 'names':
      return ids(left.filter(({ name }) => choice.clusterNames.includes(name)));
    case 'amount':
      // A canary of 1% of 50 clusters is one cluster, not none.
      return ids(left.slice(0, Math.max(1, amountOf(choice.amount, all))));
  }
}

const hasLabel = (labels: readonly Label[], { key, value }: Label): boolean =>
  labels.some((label) => label.key === key && label.value === value);
