import { clustersAmong, type Visibility } from '../access/visibility.ts';
import { AppError } from '../platform/errors.ts';
import type { LoggedEvent } from '../platform/event-log.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';

/**
 * Those of the events that one is told: of clusters that one sees now. Who does not see all clusters is told of an
 * operation by what happens in those that are seen.
 * @throws AppError RESYNC_REQUIRED when a cluster got other labels by which it may have gone out of sight: what was
 *   shown of it is to be dropped, and nobody else is to learn that it exists.
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
  if (
    seen.byLabel &&
    told.some(({ kind, clusterId }) => kind === 'CLUSTER_RELABELLED' && !visible.has(clusterId ?? ''))
  )
    throw new AppError(
      'RESYNC_REQUIRED',
      'Labels of clusters have changed, and with them what is shown: start again with a snapshot.',
    );
  return told.filter(({ clusterId }) => clusterId !== null && visible.has(clusterId));
}
