import type { ControlLink, OperationKind, OperationMode } from '../platform/generated/prisma/enums.ts';
import type { Label } from '../access/grants.ts';
import { batchesOf, byName, type InventoryNode } from './batches.ts';
import { digestOf } from './digest.ts';
import { limitsFor, type RollingLimits, type RollingStrategy, type RolloutStrategy } from './strategy.ts';
import { warningsFor } from './warnings.ts';
import { wavesOf, type WavePlan } from './waves.ts';

export interface PlanRequest {
  kind: OperationKind;
  mode: OperationMode;
  rollout: RolloutStrategy;
  /** With ROLLING_RESTART only. */
  rolling: RollingStrategy | null;
}

export interface InventoryCluster {
  id: string;
  name: string;
  labels: readonly Label[];
  link: ControlLink;
  /** All nodes of the cluster; of those that left, the chosen ones at least. */
  nodes: readonly InventoryNode[];
  /** Chosen nodes by id; null: the whole cluster is the target. */
  chosen: ReadonlySet<string> | null;
  /** What runs or waits there already, in words; absent: nothing. */
  busyWith?: string | undefined;
}

export interface ClusterPlan {
  clusterId: string;
  name: string;
  /** Index of its wave; null: nothing is done there. */
  wave: number | null;
  /** The strategy in this cluster's numbers. */
  limits: RollingLimits | null;
  /** Nodes by batch, in the order in which the batches run. */
  batches: InventoryNode[][];
  excluded: { node: InventoryNode; reason: string }[];
  warnings: string[];
}

export interface Plan extends PlanRequest {
  /** By wave, and in a wave in the order in which they are begun; those where nothing is done come last. */
  clusters: ClusterPlan[];
  waves: WavePlan[];
  nodeCount: number;
  warnings: string[];
  /** Of all that the operation would do: see digest.ts. */
  digest: string;
}

/** What an operation would do to this inventory: the dry run, and what is carried out. */
export function planOperation(request: PlanRequest, inventory: readonly InventoryCluster[]): Plan {
  const sorted = [...inventory].sort((a, b) => byName.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
  const planned = sorted.map((cluster) => planCluster(request, cluster));
  const touched = new Set(
    planned.filter(({ batches }) => batches.length > 0).map(({ clusterId }) => clusterId),
  );
  const { kind, mode, rollout, rolling } = request;
  const waves = wavesOf(
    rollout,
    sorted.filter(({ id }) => touched.has(id)),
  );
  const waveOf = new Map(waves.flatMap(({ index, clusterIds }) => clusterIds.map((id) => [id, index])));
  const clusters = planned
    .map((cluster) => ({ ...cluster, wave: waveOf.get(cluster.clusterId) ?? null }))
    .sort((a, b) => (a.wave ?? Infinity) - (b.wave ?? Infinity) || 0);
  const nodeCount = clusters.reduce((sum, { batches }) => sum + batches.flat().length, 0);
  const warnings = nodeCount === 0 ? ['Nothing would be done: every node of the targets is left out.'] : [];
  const plan = { kind, mode, rollout, rolling, clusters, waves, nodeCount };
  return { ...plan, warnings, digest: digestOf(plan) };
}

function planCluster(request: PlanRequest, cluster: InventoryCluster): Omit<ClusterPlan, 'wave'> {
  const targets = cluster.nodes.filter(({ id }) => cluster.chosen?.has(id) ?? true);
  const excluded = targets.flatMap((node) => {
    const reason = exclusion(request.kind, node);
    // Nodes that left are history: worth a word only to who chose one.
    return reason && (cluster.chosen || node.status !== 'LEFT') ? [{ node, reason }] : [];
  });
  const nodes = targets.filter((node) => exclusion(request.kind, node) === undefined);
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

function exclusion(kind: OperationKind, { status }: InventoryNode): string | undefined {
  if (status === 'LEFT') return 'It has left the cluster.';
  if (kind === 'SHUTDOWN' && status === 'STOPPED') return 'It is stopped already.';
  if (kind === 'START' && status !== 'STOPPED') return 'It is not stopped.';
  return undefined;
}
