import type { Deps } from '../graphql/context.ts';
import { change } from '../platform/event-log.ts';
import { lockCluster, setLink } from './session.ts';

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
  });
  for (const { id } of expired) await expireLease(deps, id, now);

  const quiet = {
    silentSince: null,
    leftAt: null,
    lastSeenAt: { lt: new Date(now.getTime() - deps.leaseMs) },
  };
  if ((await deps.prisma.manager.count({ where: quiet })) === 0) return;
  await change(deps, async (tx, record) => {
    const silent = await tx.manager.updateManyAndReturn({ where: quiet, data: { silentSince: now } });
    for (const { clusterId, name } of silent) {
      record({ kind: 'MANAGER_SILENT', clusterId, summary: `Manager ${name} is silent.` });
    }
  });
}

/** The lease is looked at again under the lock: the primary may just have been heard. */
async function expireLease(deps: Deps, clusterId: string, now: Date): Promise<void> {
  await change(deps, async (tx, record) => {
    const cluster = await lockCluster(tx, clusterId);
    if (!cluster.leaseExpiresAt || cluster.leaseExpiresAt >= now) return;
    const heard = cluster.lastHeardAt?.toISOString() ?? 'never';
    await setLink(tx, record, cluster, 'SILENT', now, `The primary manager is silent, last heard ${heard}.`);
  });
}
