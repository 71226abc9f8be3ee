import type { Deps } from '../deps.ts';
import { change } from '../platform/event-log.ts';
import { lockClusters } from '../topology/lock.ts';
import { setLink } from '../topology/refresh.ts';
import type { ClusterRow } from '../topology/service.ts';

/** Clusters, or managers, that are declared silent in one transaction: so many rows are locked at once. */
const BATCH = 500;

/**
 * Notices silence: clusters whose primary's lease ran out become UNKNOWN, managers that were not heard for a lease's
 * length SILENT. Does nothing before the grace period is over.
 */
export async function sweepLeases(deps: Deps): Promise<void> {
  const now = deps.clock.now();
  if (now < deps.graceUntil) return;
  const expired = await deps.prisma.cluster.findMany({
    where: { link: 'CONNECTED', leaseExpiresAt: { lt: now } },
    select: { id: true },
    orderBy: { id: 'asc' },
  });
  for (let from = 0; from < expired.length; from += BATCH) {
    const ids = expired.slice(from, from + BATCH).map(({ id }) => id);
    await expireLeases(deps, ids, now);
  }

  const quiet = {
    silentSince: null,
    leftAt: null,
    lastSeenAt: { lt: new Date(now.getTime() - deps.leaseMs) },
  };
  const managers = await deps.prisma.manager.findMany({
    where: quiet,
    select: { id: true },
    orderBy: { id: 'asc' },
  });
  for (let from = 0; from < managers.length; from += BATCH) {
    const ids = managers.slice(from, from + BATCH).map(({ id }) => id);
    await change(deps, async (tx, record) => {
      const where = { id: { in: ids }, ...quiet };
      const silent = await tx.manager.updateManyAndReturn({ where, data: { silentSince: now } });
      for (const { clusterId, name } of silent) {
        record({ kind: 'MANAGER_SILENT', clusterId, summary: `Manager ${name} is silent.` });
      }
    });
  }
}

/** The leases are looked at again under the locks: a primary may just have been heard. */
const expireLeases = (deps: Deps, ids: readonly string[], now: Date): Promise<void> =>
  change(deps, async (tx, record) => {
    const clusters = await lockClusters(tx, ids);
    const expired = clusters.filter(({ leaseExpiresAt }) => leaseExpiresAt && leaseExpiresAt < now);
    record(...(await setLink(tx, expired, 'SILENT', now, lastHeard)));
  });

const lastHeard = ({ lastHeardAt }: ClusterRow): string =>
  `The primary manager is silent, last heard ${lastHeardAt?.toISOString() ?? 'never'}.`;
