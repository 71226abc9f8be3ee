import { AppError, conflict } from '../platform/errors.ts';
import { change, type NewEvent, type Transaction } from '../platform/event-log.ts';
import type { Deps } from '../graphql/context.ts';
import { hashSecret, type Principal } from '../access/principal.ts';
import type { Label } from '../topology/filter.ts';
import { replaceLabels } from '../topology/labels.ts';
import { lockCluster } from '../topology/lock.ts';
import { setLink } from '../topology/refresh.ts';
import type { ClusterRow } from '../topology/service.ts';
import { decideLease, snapshotWanted, type MembershipState } from './lease.ts';

export type ManagerPrincipal = Extract<Principal, { kind: 'manager' }>;

export interface Registration {
  /** The manager's own secret; who knows it is the manager that registered with it. */
  credential: string;
  /** Admits one whose credential is not known here. */
  token: string | null;
  cluster: { name: string; kind: string; labels: readonly Label[] };
  manager: {
    name: string;
    url: string | null;
    consoleUrl: string | null;
    host: string | null;
    pid: number | null;
    version: string;
    capabilities: string[];
  };
}

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

export interface Registered {
  clusterId: string;
  managerId: string;
  lease: Lease;
}

/**
 * A manager that boots makes itself known: by its credential or, the first time, by an enrolment token. The credential
 * is made by the manager, not here, and so does not get lost with an answer: one that never heard that it was admitted
 * is known by it when it asks again.
 * @throws AppError UNAUTHENTICATED when neither credential nor token is known; CONFLICT when the cluster is of another
 *   kind, the credential belongs elsewhere, or a manager of that name is connected right now.
 */
export async function registerManager(deps: Deps, request: Registration): Promise<Registered> {
  const now = deps.clock.now();
  const credentialHash = hashSecret(request.credential);
  return change(deps, async (tx, record) => {
    const self = await tx.manager.findUnique({
      where: { credentialHash },
      select: { id: true, clusterId: true, name: true },
    });
    if (!self) await useToken(tx, request, now);
    const cluster = await joinCluster(tx, record, self, request, now);
    const known = await tx.manager.findUnique({
      where: { clusterId_name: { clusterId: cluster.id, name: request.manager.name } },
    });
    if (self && known?.id !== self.id) {
      throw conflict(`This credential is that of the manager ${self.name}, not of ${request.manager.name}.`, {
        field: 'input.manager.name',
      });
    }
    const alive = known && !known.leftAt && now.getTime() - known.lastSeenAt.getTime() < deps.leaseMs;
    if (!self && alive) {
      throw conflict(
        `A manager named ${request.manager.name} is connected to this cluster. Give this one another name.`,
        {
          field: 'input.manager.name',
        },
      );
    }
    const data = {
      ...request.manager,
      lastSeenAt: now,
      registeredAt: now,
      silentSince: null,
      leftAt: null,
      credentialHash,
    };
    const manager = known
      ? await tx.manager.update({ where: { id: known.id }, data })
      : await tx.manager.create({ data: { ...data, clusterId: cluster.id } });
    record({
      kind: 'MANAGER_REGISTERED',
      clusterId: cluster.id,
      actor: manager.name,
      summary: `Manager ${manager.name} ${known ? 'registered again' : 'registered'} (version ${manager.version}).`,
    });
    const lease = await heardFrom(deps, tx, record, cluster, manager, undefined, now);
    return { clusterId: cluster.id, managerId: manager.id, lease };
  });
}

/**
 * A manager's heartbeat. The usual one, of a primary that goes on, is a single statement: there are many of these.
 */
export async function renewLease(
  deps: Deps,
  principal: ManagerPrincipal,
  { epoch, ...told }: { epoch: number } & MembershipState,
): Promise<Lease> {
  const now = deps.clock.now();
  const [kept] = await deps.prisma.$queryRaw<MembershipState[]>`
    WITH held AS (
      UPDATE cluster SET last_heard_at = ${now}, lease_expires_at = ${new Date(now.getTime() + deps.leaseMs)}
      WHERE id = ${principal.clusterId} AND primary_id = ${principal.managerId} AND epoch = ${epoch}
        AND link = 'CONNECTED'
      RETURNING membership_sequence, membership_digest
    )
    UPDATE manager SET last_seen_at = ${now} FROM held
    WHERE id = ${principal.managerId} AND silent_since IS NULL AND left_at IS NULL
    RETURNING held.membership_sequence AS "membershipSequence", held.membership_digest AS "membershipDigest"`;
  if (kept) {
    const cluster = { primaryId: principal.managerId, epoch, ...kept };
    return leaseFor(deps, cluster, principal.managerId, principal.name, told);
  }
  return change(deps, async (tx, record) => {
    const locked = await lockCluster(tx, principal.clusterId);
    const manager = await tx.manager.findUniqueOrThrow({ where: { id: principal.managerId } });
    return heardFrom(deps, tx, record, locked, manager, epoch, now, told);
  });
}

/** A manager says that it stops: its lease ends now, so that a standby need not wait. */
export async function leave(deps: Deps, principal: ManagerPrincipal, epoch: number, reason: string | null) {
  const now = deps.clock.now();
  await change(deps, async (tx, record) => {
    const cluster = await lockCluster(tx, principal.clusterId);
    await tx.manager.update({ where: { id: principal.managerId }, data: { leftAt: now, silentSince: null } });
    const why = reason ? ` (${reason})` : '';
    record({
      kind: 'MANAGER_LEFT',
      clusterId: cluster.id,
      actor: principal.name,
      summary: `Manager ${principal.name} left${why}.`,
    });
    if (cluster.primaryId !== principal.managerId || cluster.epoch !== epoch) return;
    await tx.cluster.update({ where: { id: cluster.id }, data: { primaryId: null, leaseExpiresAt: null } });
    const summary = `The primary manager ${principal.name} left${why}.`;
    record(...(await setLink(tx, [cluster], 'SILENT', now, () => summary)));
  });
}

async function useToken(tx: Transaction, { token, cluster }: Registration, now: Date): Promise<void> {
  if (token === null) throw notAdmitted('the credential is not known here, and there is no enrolment token');
  const used = await tx.enrolmentToken.updateMany({
    where: {
      hash: hashSecret(token),
      usesLeft: { gt: 0 },
      expiresAt: { gt: now },
      OR: [{ clusterName: null }, { clusterName: cluster.name }],
    },
    data: { usesLeft: { decrement: 1 } },
  });
  if (used.count === 0) throw notAdmitted('it is unknown, used up, expired or for another cluster');
}

const notAdmitted = (why: string) =>
  new AppError('UNAUTHENTICATED', `input.token: ${why}. Ask an operator for a new one.`, {
    field: 'input.token',
  });

async function joinCluster(
  tx: Transaction,
  record: (...events: NewEvent[]) => void,
  self: { clusterId: string } | null,
  { cluster: { name, kind, labels } }: Registration,
  now: Date,
): Promise<ClusterRow> {
  const made = await tx.cluster.createManyAndReturn({
    data: [{ name, kind, statusReason: 'It has just been made.', statusSince: now, createdAt: now }],
    skipDuplicates: true,
    select: { id: true },
  });
  const { id } = made[0] ?? (await tx.cluster.findUniqueOrThrow({ where: { name }, select: { id: true } }));
  const cluster = await lockCluster(tx, id);
  if (self && self.clusterId !== id) {
    throw conflict(`This credential is for another cluster: a manager of ${name} needs one of its own.`, {
      field: 'input.cluster.name',
    });
  }
  if (cluster.kind !== kind) {
    throw conflict(`The cluster ${name} is of the kind ${cluster.kind}, not ${kind}.`, {
      field: 'input.cluster.kind',
    });
  }
  const relabelled = await replaceLabels(tx, id, labels);
  if (made.length > 0)
    record({ kind: 'CLUSTER_CREATED', clusterId: id, summary: `Cluster ${name} (${kind}) joined.` });
  else if (relabelled)
    record({ kind: 'CLUSTER_CHANGED', clusterId: id, summary: `Labels of ${name} changed.` });
  return cluster;
}

/** The manager is alive: decides the role, renews or passes the lease, and notes who came back. */
async function heardFrom(
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
