import type { AuditTarget } from '../access/audit/chain.ts';
import type { Prisma, PrismaClient } from '../platform/generated/prisma/client.ts';
import { AppError, invalid } from '../platform/errors.ts';
import type { Visibility } from '../access/visibility.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { InventoryCluster } from './plan.ts';
import { ACTIVE_COMMAND } from './state.ts';
import { titleOf } from './words.ts';

export interface Targets {
  clusterIds: readonly string[];
  nodeIds: readonly string[];
  /** Nodes by a condition, instead of ids. */
  nodes?: Prisma.NodeWhereInput;
  /** Where they stand in the request, for errors. */
  path: string;
}

/**
 * The targets as they are now, in two queries.
 * @throws AppError INVALID for empty targets: nothing is never "all"; NOT_FOUND naming the id that does not exist or is
 *   not seen.
 */
export async function loadInventory(
  prisma: PrismaClient | Transaction,
  seen: Visibility,
  { clusterIds, nodeIds, nodes, path }: Targets,
): Promise<InventoryCluster[]> {
  if (clusterIds.length + nodeIds.length === 0 && !nodes) {
    throw invalid(path, 'is empty: name clusters or nodes (nothing never means all)');
  }
  const chosen = await prisma.node.findMany({
    where: { AND: [nodes ?? { id: { in: [...nodeIds] } }], ...seen.ofCluster },
    select: { id: true, clusterId: true },
  });
  const clusters = await prisma.cluster.findMany({
    where: {
      id: { in: [...new Set([...clusterIds, ...chosen.map(({ clusterId }) => clusterId)])] },
      AND: seen.clusters,
    },
    select: {
      id: true,
      name: true,
      link: true,
      nodes: {
        // What left is history, of any length: it is read only where someone has named it.
        where: { OR: [{ status: { not: 'LEFT' } }, { id: { in: [...nodeIds] } }] },
        select: { id: true, name: true, status: true, zone: true, role: true, startedAt: true },
      },
      labels: { select: { key: true, value: true } },
      commands: {
        where: { status: { in: [...ACTIVE_COMMAND] } },
        orderBy: [{ issuedAt: 'desc' }, { id: 'desc' }],
        select: { kind: true, operation: { select: { reason: true } } },
        take: 1,
      },
    },
  });
  complain(`${path}.nodeIds`, nodeIds, new Set(chosen.map(({ id }) => id)));
  complain(`${path}.clusterIds`, clusterIds, new Set(clusters.map(({ id }) => id)));
  const whole = new Set(clusterIds);
  const nodesOf = new Map<string, Set<string>>();
  for (const { id, clusterId } of chosen)
    nodesOf.set(clusterId, (nodesOf.get(clusterId) ?? new Set()).add(id));
  return clusters.map(({ commands: [last], ...cluster }) => ({
    ...cluster,
    busyWith: last && titleOf(last.kind, last.operation.reason),
    chosen: whole.has(cluster.id) ? null : (nodesOf.get(cluster.id) ?? new Set()),
  }));
}

/** The targets for the audit log: clusters, and of those of which only some nodes are chosen, these. */
export const auditTargets = (inventory: readonly InventoryCluster[]): AuditTarget[] =>
  inventory.flatMap(({ id, name, nodes, chosen }) => [
    { type: 'Cluster', id, name },
    ...nodes
      .filter((node) => chosen?.has(node.id))
      .map((node) => ({ type: 'Node', id: node.id, name: node.name })),
  ]);

/** @throws AppError NOT_FOUND for the first that is wanted and was not found. */
function complain(path: string, wanted: readonly string[], found: ReadonlySet<string>): void {
  const index = wanted.findIndex((id) => !found.has(id));
  if (index < 0) return;
  const field = `${path}.${index}`;
  const id = JSON.stringify(wanted[index]!.slice(0, 64));
  throw new AppError('NOT_FOUND', `${field}: there is none with the id ${id}.`, { field });
}
