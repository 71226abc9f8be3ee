import type { ControlLink, OperationKind, OperationMode } from '../platform/generated/prisma/enums.ts';
import type { Label } from '../access/grants.ts';
import type { InventoryNode } from './batches.ts';
import type { RollingLimits, RollingStrategy, RolloutStrategy } from './strategy.ts';
import type { WavePlan } from './waves.ts';

/*
 * What a plan is made from, and what it says.
 */

export interface PlanRequest {
  kind: OperationKind;
  mode: OperationMode;
  rollout: RolloutStrategy;
  /** With ROLLING_RESTART only. */
  rolling: RollingStrategy | null;
  /** Nodes are taken in whatever state they were last reported: that may be behind what was done to them. */
  anyState?: boolean;
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
  /** How many people other than who starts it must approve it. */
  approvalsNeeded: number;
  warnings: string[];
  /** Of all that the operation would do: see digest.ts. */
  digest: string;
}
