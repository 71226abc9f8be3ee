import { AppError, conflict } from '../platform/errors.ts';
import { change, type NewEvent, type Transaction } from '../platform/event-log.ts';
import type { Deps } from '../deps.ts';
import { recordAudit } from '../access/audit/record.ts';
import { hashSecret, type Caller } from '../access/principal.ts';
import type { Label } from '../topology/filter.ts';
import { replaceLabels } from '../topology/labels.ts';
import { lockCluster } from '../topology/lock.ts';
import type { ClusterRow } from '../topology/service.ts';
import { heardFrom, type Lease } from './heartbeat.ts';

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
export async function registerManager(
  deps: Deps,
  caller: Caller,
  request: Registration,
): Promise<Registered> {
  const now = deps.clock.now();
  const credentialHash = hashSecret(request.credential);
  return change(deps, async (tx, record) => {
    // The same request sent again waits for the first one, and then finds that it is known.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${credentialHash}, 0))`;
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
    await recordAudit(tx, {
      ...caller,
      principal: {
        kind: 'manager',
        managerId: manager.id,
        clusterId: cluster.id,
        name: manager.name,
        credentialHash,
      },
      at: now,
      action: 'registerManager',
      targets: [
        { type: 'Manager', id: manager.id, name: manager.name },
        { type: 'Cluster', id: cluster.id, name: cluster.name },
      ],
      result: 'DONE',
      detail: { version: manager.version, enrolled: !self },
    });
    return { clusterId: cluster.id, managerId: manager.id, lease };
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
