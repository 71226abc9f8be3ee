import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { ClusterModel } from '../platform/generated/prisma/models.ts';
import type { ClusterStatus } from '../platform/generated/prisma/enums.ts';
import { SYSTEM_ID, change, type EventWriterDeps, type Position } from '../platform/event-log.ts';
import type { Visibility } from '../access/visibility.ts';
import { clusterConditions, clusterWhere, type ClusterFilterValue } from './filter.ts';
import { labelFacets } from './labels.ts';
import {
  COUNTED_STATUSES,
  COUNT_COLUMNS,
  systemStatus,
  type NodeCounts,
  type NodeStatus,
  type Verdict,
} from './status.ts';
import type { Tally } from './tally.ts';

export type ClusterRow = ClusterModel;

export const countsOf = (cluster: ClusterRow): NodeCounts =>
  Object.fromEntries(
    COUNTED_STATUSES.map((status) => [status, cluster[COUNT_COLUMNS[status]]]),
  ) as NodeCounts;

export const tallyIn = (cluster: ClusterRow): Tally => ({
  counts: countsOf(cluster),
  digest: cluster.membershipDigest,
});

/** The system in numbers, from one aggregation over the clusters' rows. */
export interface SystemSummary extends Verdict {
  name: string;
  position: Position;
  clusterCounts: { status: ClusterStatus; count: number }[];
  nodeCounts: { status: NodeStatus; count: number }[];
}

/** Writes the system's row at first start, with the event that the log begins with, and its name at every start. */
export async function ensureSystem(deps: EventWriterDeps, name: string): Promise<void> {
  await change(deps, async (tx, record) => {
    const { revision } = await tx.system.upsert({
      where: { id: SYSTEM_ID },
      create: { id: SYSTEM_ID, name },
      update: { name },
    });
    if (revision === 0n) record({ kind: 'SYSTEM_CREATED', summary: `${name} was set up.` });
  });
}

/** The revision is read first: what follows is at least as new. */
async function systemSummary(prisma: PrismaClient, seen: Visibility): Promise<SystemSummary> {
  const { name, revision, mark } = await prisma.system.findUniqueOrThrow({ where: { id: SYSTEM_ID } });
  const groups = await prisma.cluster.groupBy({
    by: ['status', 'link'],
    where: seen.clusters,
    _count: { _all: true },
    _sum: { down: true, unhealthy: true, stopping: true, starting: true, stopped: true, running: true },
    orderBy: { status: 'asc' },
  });
  const clusters = new Map<ClusterStatus, number>();
  const nodes = new Map<NodeStatus, number>();
  for (const group of groups) {
    clusters.set(group.status, (clusters.get(group.status) ?? 0) + group._count._all);
    for (const status of COUNTED_STATUSES) {
      const shown = group.link === 'SILENT' ? 'UNKNOWN' : status;
      nodes.set(shown, (nodes.get(shown) ?? 0) + (group._sum[COUNT_COLUMNS[status]] ?? 0));
    }
  }
  return {
    name,
    position: { revision, mark },
    ...systemStatus(Object.fromEntries(clusters)),
    clusterCounts: [...clusters].map(([status, count]) => ({ status, count })),
    nodeCounts: ([...COUNTED_STATUSES, 'UNKNOWN'] as const)
      .map((status) => ({ status, count: nodes.get(status) ?? 0 }))
      .filter(({ count }) => count > 0),
  };
}

/** The system as one request sees it, with the clusters that it sees: its summary is read once, and only when it is needed. */
export class SystemView {
  #summary: Promise<SystemSummary> | undefined;

  constructor(
    private readonly prisma: PrismaClient,
    private readonly seen: Visibility,
  ) {}

  get summary(): Promise<SystemSummary> {
    return (this.#summary ??= systemSummary(this.prisma, this.seen));
  }
}

/** How many clusters of those that are seen and pass the filter have which status, kind and label. */
export async function clusterFacets(
  prisma: PrismaClient,
  seen: Visibility,
  filter: ClusterFilterValue | null | undefined,
) {
  const where = clusterWhere(filter, seen);
  const statuses = await prisma.cluster.groupBy({
    by: ['status'],
    where,
    _count: true,
    orderBy: { status: 'asc' },
  });
  const kinds = await prisma.cluster.groupBy({ by: ['kind'], where, _count: true, orderBy: { kind: 'asc' } });
  return {
    statuses: statuses.map(({ status, _count }) => ({ value: status as string, count: _count })),
    kinds: kinds.map(({ kind, _count }) => ({ value: kind, count: _count })),
    labels: await labelFacets(prisma, clusterConditions(filter, seen)),
  };
}
