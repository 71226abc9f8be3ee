import type { Deps } from '../deps.ts';

/** A smaller difference is one between two servers' measurements of one clock, milliseconds. */
const NOTICED_MS = 60_000;

/**
 * Heeds that the OC's clock was set back: what it noted before lies in the time to come. Nobody is to be taken for
 * present until then: who is not heard from now on falls silent, and loses the lease, as usual. That the OC was at work
 * is noted from now on, so that its next outage is noticed (see outage.ts).
 */
export async function heedClockSetBack({
  prisma,
  clock,
  leaseMs,
}: Pick<Deps, 'prisma' | 'clock' | 'leaseMs'>): Promise<void> {
  const now = clock.now();
  const { count } = await prisma.presence.updateMany({
    where: { at: { gt: new Date(now.getTime() + NOTICED_MS) } },
    data: { at: now },
  });
  if (count === 0) return;
  const leaseEnd = new Date(now.getTime() + leaseMs);
  await prisma.manager.updateMany({ where: { lastSeenAt: { gt: now } }, data: { lastSeenAt: now } });
  await prisma.cluster.updateMany({
    where: { leaseExpiresAt: { gt: leaseEnd } },
    data: { leaseExpiresAt: leaseEnd },
  });
}
