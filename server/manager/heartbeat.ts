import type { ManagerPrincipal } from '../access/principal.ts';
import { revoked } from '../access/manager-credential.ts';
import type { Deps } from '../deps.ts';
import { invalid } from '../platform/errors.ts';
import { change, type NewEvent, type Transaction } from '../platform/event-log.ts';
import { lockCluster } from '../topology/lock.ts';
import { setLink } from '../topology/refresh.ts';
import type { ClusterRow } from '../topology/service.ts';
import { decideLease, snapshotWanted, type MembershipState } from './lease.ts';

/** The answer to each sign of life: who is primary and for how long. Times in milliseconds. */
export interface Lease {
  role: 'PRIMARY' | 'STANDBY';
  epoch: number;
  durationMs: number;
  renewEveryMs: number;
  primaryName: string | null;
  membershipSequence: number;
  snapshotWanted: boolean;
}

/**
 * A manager's heartbeat. The usual one changes nothing but times and is written together with those of others; one
 * that changes who is primary or who is heard is a transaction of its own.
 */
export async function renewLease(
  deps: Deps,
  { managerId, clusterId }: ManagerPrincipal,
  { epoch, ...told }: { epoch: number } & MembershipState,
): Promise<Lease> {
  const usual = await deps.renewals.renew({ managerId, clusterId, epoch, graceUntil: deps.graceUntil });
  if (usual) return leaseFor(deps, usual, managerId, usual.primaryName, told);
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    const locked = await lockCluster(tx, clusterId);
    const manager = await tx.manager.findUniqueOrThrow({ where: { id: managerId } });
    // Meanwhile: it was let in when it asked.
    if (manager.revokedAt) throw revoked(manager);
    return heardFrom(deps, tx, record, locked, manager, epoch, now, told);
  });
}

/** A manager says that it stops: its lease ends now, so that a standby need not wait. Once is enough. */
export async function leave(deps: Deps, principal: ManagerPrincipal, epoch: number, reason: string | null) {
  const now = deps.clock.now();
  await change(deps, async (tx, record) => {
    const cluster = await lockCluster(tx, principal.clusterId);
    const { count } = await tx.manager.updateMany({
      where: { id: principal.managerId, leftAt: null },
      data: { leftAt: now, silentSince: null },
    });
    if (count === 0) return;
    const why = reason ? ` (${reason})` : '';
    record({
      kind: 'MANAGER_LEFT',
      clusterId: cluster.id,
      actor: principal.name,
      summary: `Manager ${principal.name} left${why}.`,
    });
    if (cluster.primaryId === principal.managerId && cluster.epoch === epoch) {
      await tx.cluster.update({ where: { id: cluster.id }, data: { primaryId: null, leaseExpiresAt: null } });
      const summary = `The primary manager ${principal.name} left${why}.`;
      record(...(await setLink(tx, [cluster], 'SILENT', now, () => summary)));
    }
  });
}

/** The manager is alive: decides the role, renews or passes the lease, and notes who came back. */
export async function heardFrom(
  deps: Deps,
  tx: Transaction,
  record: (...events: NewEvent[]) => void,
  cluster: ClusterRow,
  manager: { id: string; name: string; silentSince: Date | null; leftAt: Date | null },
  believedEpoch: number | undefined,
  now: Date,
  told: MembershipState = { membershipSequence: 0 },
): Promise<Lease> {
  await tx.manager.update({
    where: { id: manager.id },
    data: { lastSeenAt: now, silentSince: null, leftAt: null },
  });
  if (manager.silentSince || manager.leftAt) {
    record({
      kind: 'MANAGER_CHANGED',
      clusterId: cluster.id,
      actor: manager.name,
      summary: `Manager ${manager.name} is heard again.`,
    });
  }
  if (believedEpoch !== undefined && believedEpoch - cluster.epoch > MOST_AHEAD)
    throw invalid('input.epoch', `is far ahead of ${cluster.epoch}, the last that there was`);
  const decision = decideLease(cluster, manager.id, believedEpoch, now, deps.graceUntil);
  if (decision === 'STANDBY') {
    const primary = await tx.manager.findUnique({
      where: { id: cluster.primaryId! },
      select: { name: true },
    });
    return leaseFor(deps, cluster, manager.id, primary?.name ?? null, told);
  }
  const held = await tx.cluster.update({
    where: { id: cluster.id },
    data: {
      primaryId: manager.id,
      lastHeardAt: now,
      leaseExpiresAt: new Date(now.getTime() + deps.leaseMs),
      ...(decision === 'TAKE' && {
        // Also above what the manager knows of: the OC's data may have been put back to an older state.
        epoch: Math.max(cluster.epoch, believedEpoch ?? 0) + 1,
        membershipSequence: 0,
      }),
    },
  });
  if (decision === 'TAKE') {
    record({
      kind: 'MANAGER_PROMOTED',
      clusterId: cluster.id,
      actor: manager.name,
      summary: `Manager ${manager.name} is primary (epoch ${held.epoch}).`,
    });
  }
  const summary = `The primary manager ${manager.name} is heard.`;
  record(...(await setLink(tx, [cluster], 'CONNECTED', now, () => summary)));
  return leaseFor(deps, held, manager.id, manager.name, told);
}

/**
 * So many epochs at most can a manager know of that the OC does not, from before its data were put back: nobody is to
 * use up all the numbers that there are.
 */
const MOST_AHEAD = 1_000_000;

function leaseFor(
  deps: Deps,
  cluster: Pick<ClusterRow, 'primaryId' | 'epoch'> & MembershipState,
  managerId: string,
  primaryName: string | null,
  told: MembershipState,
): Lease {
  const primary = cluster.primaryId === managerId;
  return {
    role: primary ? 'PRIMARY' : 'STANDBY',
    epoch: cluster.epoch,
    durationMs: deps.leaseMs,
    renewEveryMs: Math.round(deps.leaseMs / 3),
    primaryName,
    membershipSequence: cluster.membershipSequence,
    snapshotWanted: primary && snapshotWanted(cluster, told),
  };
}
