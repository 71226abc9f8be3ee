import { clustersAmong, type Visibility } from '../access/visibility.ts';
import { AppError } from '../platform/errors.ts';
import type { LoggedEvent } from '../platform/event-log.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';

/**
 * Those of the events that one is told: of clusters that one sees now. Who does not see all clusters is told of an
 * operation by what happens in those that are seen.
 * @throws AppError RESYNC_REQUIRED when a cluster that one may have been shown has other labels now and is out of sight: it is
 *   to be dropped, and nobody else is to learn that it exists.
 */
export async function visibleEvents(
  prisma: PrismaClient,
  seen: Visibility,
  events: readonly LoggedEvent[],
): Promise<LoggedEvent[]> {
  const told = events.filter(({ kind }) => kind !== 'ACCESS_CHANGED');
  if (seen.all || told.length === 0) return told;
  const ids = [...new Set(told.map(({ clusterId }) => clusterId).filter((id) => id !== null))];
  const visible = await clustersAmong(prisma, seen, ids);
  const lost = told.filter(
    ({ kind, clusterId }) => kind === 'CLUSTER_RELABELLED' && !visible.has(clusterId!),
  );
  if (await anyOnceSeen(prisma, seen, lost))
    throw new AppError(
      'RESYNC_REQUIRED',
      'Labels of clusters have changed, and with them what is shown: start again with a snapshot.',
    );
  return told.filter(({ clusterId }) => clusterId !== null && visible.has(clusterId));
}

/** Whether one may have been shown any of the clusters that got other labels. */
async function anyOnceSeen(
  prisma: PrismaClient,
  { onceSeen }: Visibility,
  relabelled: readonly LoggedEvent[],
): Promise<boolean> {
  if (relabelled.length === 0) return false;
  const ids = relabelled.map(({ clusterId }) => clusterId!);
  return (await prisma.cluster.count({ where: { AND: [{ id: { in: ids } }, onceSeen] }, take: 1 })) > 0;
}
