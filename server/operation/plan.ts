import { createHash } from 'node:crypto';
import type {
  ControlLink,
  OperationKind,
  OperationMode,
  ReportedStatus,
} from '../platform/generated/prisma/enums.ts';

/** How a rolling restart goes through one cluster. */
export interface RollingStrategy {
  /** Nodes restarted at once. */
  batchSize: number;
  /** Nodes of the cluster that may be other than healthy at once, whatever the reason. */
  maxUnavailable: number;
  /** Seconds that a restarted node may take to be healthy. */
  healthTimeoutSeconds: number;
  /** Seconds of rest between batches. */
  pauseSeconds: number;
  /** Failed nodes after which no further batch begins. */
  stopAfterFailures: number;
}

export interface PlanRequest {
  kind: OperationKind;
  mode: OperationMode;
  /** With ROLLING_RESTART only. */
  rolling: RollingStrategy | null;
}

export interface InventoryNode {
  id: string;
  name: string;
  /** As its manager reported it last. */
  status: ReportedStatus;
}

export interface InventoryCluster {
  id: string;
  name: string;
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
  /** Nodes by batch, in the order in which the batches run. */
  batches: InventoryNode[][];
  excluded: { node: InventoryNode; reason: string }[];
  warnings: string[];
}

export interface Plan extends PlanRequest {
  clusters: ClusterPlan[];
  nodeCount: number;
  warnings: string[];
  /** SHA-256 over all that the operation would do. */
  digest: string;
}

const byName = new Intl.Collator('en', { numeric: true });

/** What an operation would do to this inventory: the dry run, and what is carried out. */
export function planOperation(request: PlanRequest, inventory: readonly InventoryCluster[]): Plan {
  const clusters = [...inventory]
    .sort((a, b) => byName.compare(a.name, b.name))
    .map((cluster) => planCluster(request, cluster));
  const nodeCount = clusters.reduce((sum, { batches }) => sum + batches.flat().length, 0);
  const warnings = nodeCount === 0 ? ['Nothing would be done: every node of the targets is left out.'] : [];
  return { ...request, clusters, nodeCount, warnings, digest: digestOf(request, clusters) };
}

function planCluster(request: PlanRequest, cluster: InventoryCluster): ClusterPlan {
  const targets = cluster.nodes.filter(({ id }) => cluster.chosen?.has(id) ?? true);
  const excluded = targets.flatMap((node) => {
    const reason = exclusion(request.kind, node);
    // Nodes that left are history: worth a word only to who chose one.
    return reason && (cluster.chosen || node.status !== 'LEFT') ? [{ node, reason }] : [];
  });
  const nodes = targets
    .filter((node) => exclusion(request.kind, node) === undefined)
    .sort((a, b) => Number(available(a)) - Number(available(b)) || byName.compare(a.name, b.name));
  return {
    clusterId: cluster.id,
    batches: chunk(nodes, request.rolling ? batchWidth(request.rolling) : Math.max(nodes.length, 1)),
    excluded: excluded.sort((a, b) => byName.compare(a.node.name, b.node.name)),
    warnings: warningsFor(request, cluster, nodes),
  };
}

const available = ({ status }: InventoryNode): boolean => status === 'RUNNING';

/** A batch is never wider than what may be unavailable at once. */
export const batchWidth = ({ batchSize, maxUnavailable }: RollingStrategy): number =>
  Math.min(batchSize, maxUnavailable);

function exclusion(kind: OperationKind, { status }: InventoryNode): string | undefined {
  if (status === 'LEFT') return 'It has left the cluster.';
  if (kind === 'SHUTDOWN' && status === 'STOPPED') return 'It is stopped already.';
  return undefined;
}

function warningsFor(
  request: PlanRequest,
  cluster: InventoryCluster,
  nodes: readonly InventoryNode[],
): string[] {
  const present = cluster.nodes.filter(({ status }) => status !== 'LEFT' && status !== 'STOPPED');
  const stopped = nodes.filter(({ status }) => status === 'STOPPED');
  const warnings: string[] = [];
  if (cluster.link === 'SILENT') {
    warnings.push(
      `${cluster.name}: no primary manager is heard. The command waits until one is, or expires.`,
    );
  }
  if (cluster.busyWith) warnings.push(`${cluster.name}: ${cluster.busyWith} runs first.`);
  if (request.kind !== 'SHUTDOWN' && stopped.length > 0) {
    warnings.push(
      `${cluster.name}: ${names(stopped)} stopped on purpose; this starts ${stopped.length > 1 ? 'them' : 'it'}.`,
    );
  }
  const hit = nodes.filter(available).length;
  if (request.kind !== 'ROLLING_RESTART' && hit > 0 && hit === present.length) {
    warnings.push(
      `${cluster.name}: all ${hit === 1 ? 'of its one running node' : `${hit} running nodes`} at once: it does not serve meanwhile.`,
    );
  }
  if (request.rolling && request.rolling.maxUnavailable >= present.length && present.length > 0) {
    warnings.push(`${cluster.name}: max unavailable ${request.rolling.maxUnavailable} is all of its nodes.`);
  }
  if (request.rolling && request.rolling.batchSize > request.rolling.maxUnavailable) {
    warnings.push(
      `${cluster.name}: batches of ${batchWidth(request.rolling)}, because no more may be unavailable at once.`,
    );
  }
  const others = present.filter((node) => !available(node) && !nodes.includes(node));
  if (request.rolling && others.length >= request.rolling.maxUnavailable) {
    warnings.push(`${cluster.name}: ${names(others)} not running already: the first batch waits for that.`);
  }
  return warnings;
}

function names(nodes: readonly InventoryNode[]): string {
  const shown = nodes
    .slice(0, 3)
    .map(({ name }) => name)
    .join(', ');
  const more = nodes.length > 3 ? ` and ${nodes.length - 3} more` : '';
  return `${shown}${more} ${nodes.length > 1 ? 'are' : 'is'}`;
}

const chunk = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

function digestOf({ kind, mode, rolling }: PlanRequest, clusters: readonly ClusterPlan[]): string {
  const deeds = clusters.map(({ clusterId, batches }) => [
    clusterId,
    batches.map((batch) => batch.map(({ id }) => id)),
  ]);
  return createHash('sha256')
    .update(JSON.stringify([kind, mode, rolling, deeds]))
    .digest('hex');
}
