import type { AuditTarget } from '../access/audit/chain.ts';
import type { Prisma, PrismaClient } from '../platform/generated/prisma/client.ts';
import { AppError, invalid } from '../platform/errors.ts';
import { concerns, type ChoosableCluster, type ClusterChoice } from '../access/grants.ts';
import { clustersChosen, type Visibility } from '../access/visibility.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { InventoryCluster } from './plan.ts';
import { selectionOf } from './saved/selections.ts';
import { ACTIVE_COMMAND } from './state.ts';
import { titleOf } from './words.ts';

export interface Targets {
  clusterIds: readonly string[];
  nodeIds: readonly string[];
  /** Clusters by names or by labels; null: the whole system. */
  clusters?: ClusterChoice | null;
  /** Name or id of a saved selection. */
  selection?: string | null;
  /** Nodes by a condition, instead of ids. */
  nodes?: Prisma.NodeWhereInput;
  /** Where they stand in the request, for errors. */
  path: string;
}

/**
 * The targets as they are now, in a number of queries that grows with nothing.
 * @throws AppError INVALID for empty targets: nothing is never "all"; NOT_FOUND naming the id that does not exist or is
 *   not seen.
 */
export async function loadInventory(
  prisma: PrismaClient | Transaction,
  seen: Visibility,
  { clusterIds, nodeIds, clusters: named, selection, nodes, path }: Targets,
): Promise<InventoryCluster[]> {
  const choices = named === undefined ? [] : [named];
  if (selection) choices.push(await selectionOf(prisma, selection, `${path}.selection`));
  if (clusterIds.length + nodeIds.length + choices.length === 0 && !nodes) {
    throw invalid(path, 'is empty: name clusters or nodes (nothing never means all)');
  }
  const chosen = await prisma.node.findMany({
    where: { AND: [nodes ?? { id: { in: [...nodeIds] } }], ...seen.ofCluster },
    select: { id: true, clusterId: true },
  });
  const clusters = await prisma.cluster.findMany({
    where: {
      OR: [
        { id: { in: [...new Set([...clusterIds, ...chosen.map(({ clusterId }) => clusterId)])] } },
        clustersChosen(choices),
      ],
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
  complain(`${path}.clusters.names`, named?.names ?? [], new Set(clusters.map(({ name }) => name)));
  const byId = new Set(clusterIds);
  const isWhole = (cluster: ChoosableCluster & { id: string }) =>
    byId.has(cluster.id) || choices.some((choice) => concerns(choice, cluster));
  const nodesOf = new Map<string, Set<string>>();
  for (const { id, clusterId } of chosen)
    nodesOf.set(clusterId, (nodesOf.get(clusterId) ?? new Set()).add(id));
  return clusters.map(({ commands: [last], ...cluster }) => ({
    ...cluster,
    busyWith: last && titleOf(last.kind, last.operation.reason),
    chosen: isWhole(cluster) ? null : (nodesOf.get(cluster.id) ?? new Set()),
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
  throw new AppError('NOT_FOUND', `${field}: there is none like ${id}.`, { field });
}
