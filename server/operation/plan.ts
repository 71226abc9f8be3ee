import { batchesOf, byName, type InventoryNode } from './batches.ts';
import { approvalsNeeded, type ApprovalRule } from './approval/needed.ts';
import { digestOf } from './digest.ts';
import type { ClusterPlan, InventoryCluster, Plan, PlanRequest } from './planned.ts';
import { limitsFor } from './strategy.ts';
import { warningsFor } from './warnings.ts';
import { wavesOf } from './waves.ts';

export type * from './planned.ts';

/** What an operation would do to this inventory: the dry run, and what is carried out. */
export function planOperation(
  request: PlanRequest,
  inventory: readonly InventoryCluster[],
  rules: readonly ApprovalRule[] = [],
): Plan {
  const sorted = [...inventory].sort((a, b) => byName.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
  const planned = sorted.map((cluster) => planCluster(request, cluster));
  const touched = new Set(
    planned.filter(({ batches }) => batches.length > 0).map(({ clusterId }) => clusterId),
  );
  const { kind, mode, rollout, rolling } = request;
  const targets = sorted.filter(({ id }) => touched.has(id));
  const waves = wavesOf(rollout, targets);
  const waveOf = new Map(waves.flatMap(({ index, clusterIds }) => clusterIds.map((id) => [id, index])));
  const clusters = planned
    .map((cluster) => ({ ...cluster, wave: waveOf.get(cluster.clusterId) ?? null }))
    .sort((a, b) => (a.wave ?? Infinity) - (b.wave ?? Infinity) || 0);
  const nodeCount = clusters.reduce((sum, { batches }) => sum + batches.flat().length, 0);
  const warnings = nodeCount === 0 ? ['Nothing would be done: every node of the targets is left out.'] : [];
  const needed = approvalsNeeded(rollout, targets, rules);
  const plan = { kind, mode, rollout, rolling, clusters, waves, nodeCount, approvalsNeeded: needed };
  return { ...plan, warnings, digest: digestOf(plan) };
}

function planCluster(request: PlanRequest, cluster: InventoryCluster): Omit<ClusterPlan, 'wave'> {
  const targets = cluster.nodes.filter(({ id }) => cluster.chosen?.has(id) ?? true);
  const excluded = targets.flatMap((node) => {
    const reason = exclusion(request, node);
    // Nodes that left are history: worth a word only to who chose one.
    return reason && (cluster.chosen || node.status !== 'LEFT') ? [{ node, reason }] : [];
  });
  const nodes = targets.filter((node) => exclusion(request, node) === undefined);
  const present = cluster.nodes.filter(({ status }) => status !== 'LEFT' && status !== 'STOPPED');
  const limits = request.rolling && limitsFor(request.rolling, present.length);
  const batches = batchesOf(nodes, request.rolling, limits);
  return {
    clusterId: cluster.id,
    name: cluster.name,
    limits,
    batches,
    excluded: excluded.sort((a, b) => byName.compare(a.node.name, b.node.name)),
    warnings: warningsFor(request, cluster, limits, batches),
  };
}

function exclusion({ kind, anyState }: PlanRequest, { status }: InventoryNode): string | undefined {
  if (status === 'LEFT') return 'It has left the cluster.';
  if (anyState) return undefined;
  if (kind === 'SHUTDOWN' && status === 'STOPPED') return 'It is stopped already.';
  if (kind === 'START' && status !== 'STOPPED') return 'It is not stopped.';
  return undefined;
}
