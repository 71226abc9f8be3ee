import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { AppError, invalid } from '../platform/errors.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { InventoryCluster } from './plan.ts';

export interface Targets {
  clusterIds: readonly string[];
  nodeIds: readonly string[];
}

/**
 * The targets as they are now, in two queries.
 * @throws AppError INVALID for empty targets: nothing is never "all"; NOT_FOUND naming the id that does not exist.
 */
export async function loadInventory(
  prisma: PrismaClient | Transaction,
  { clusterIds, nodeIds }: Targets,
): Promise<InventoryCluster[]> {
  if (clusterIds.length + nodeIds.length === 0) {
    throw invalid('input.targets', 'is empty: name clusters or nodes (nothing never means all)');
  }
  const chosen = await prisma.node.findMany({
    where: { id: { in: [...nodeIds] } },
    select: { id: true, clusterId: true },
  });
  const clusters = await prisma.cluster.findMany({
    where: { id: { in: [...clusterIds, ...chosen.map(({ clusterId }) => clusterId)] } },
    select: {
      id: true,
      name: true,
      link: true,
      nodes: { select: { id: true, name: true, status: true } },
    },
  });
  complain('nodeIds', nodeIds, new Set(chosen.map(({ id }) => id)));
  complain('clusterIds', clusterIds, new Set(clusters.map(({ id }) => id)));
  return clusters.map((cluster) => ({
    ...cluster,
    chosen: clusterIds.includes(cluster.id)
      ? null
      : new Set(chosen.filter(({ clusterId }) => clusterId === cluster.id).map(({ id }) => id)),
  }));
}

function complain(field: string, wanted: readonly string[], found: ReadonlySet<string>): void {
  const index = wanted.findIndex((id) => !found.has(id));
  if (index < 0) return;
  const path = `input.targets.${field}.${index}`;
  throw new AppError(
    'NOT_FOUND',
    `${path}: there is none with the id ${JSON.stringify(wanted[index]!.slice(0, 64))}.`,
    {
      field: path,
    },
  );
}
