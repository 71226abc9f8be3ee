import { randomUUID } from 'node:crypto';
import { admittingToken, labelsOf, notAdmitted, spendToken } from '../access/enrolment.ts';
import { hasExpired, holdersOf, termOf, type CredentialTerm } from '../access/manager-credential.ts';
import { excuseOutage } from '../access/outage.ts';
import type { EnrolmentTokenModel } from '../platform/generated/prisma/models.ts';
import { AppError, conflict } from '../platform/errors.ts';
import { change, type NewEvent, type Transaction } from '../platform/event-log.ts';
import type { Deps } from '../deps.ts';
import { recordAudit } from '../access/audit/record.ts';
import type { Label } from '../access/grants.ts';
import { hashSecret, type Caller } from '../access/principal.ts';
import { bindLabels, replaceLabels } from '../topology/labels.ts';
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
  credential: CredentialTerm;
}

/**
 * A manager that boots makes itself known: by its credential or, the first time, by an enrolment token. The credential
 * is made by the manager, not here, and so does not get lost with an answer: one that never heard that it was admitted
 * is known by it when it asks again.
 * @throws AppError UNAUTHENTICATED when neither credential nor token is known; CONFLICT when the cluster is of another
 *   kind, the credential belongs elsewhere, or a manager of that name is connected right now; UNAVAILABLE when
 *   too many register at once.
 */
export const registerManager = (deps: Deps, caller: Caller, request: Registration): Promise<Registered> =>
  deps.admissions.take(request.cluster.name, async () => {
    try {
      return await register(deps, caller, request);
    } catch (error) {
      if (!hasExpired(error)) throw error;
      await excuseOutage(deps);
      return register(deps, caller, request);
    }
  });

async function register(deps: Deps, caller: Caller, request: Registration): Promise<Registered> {
  const now = deps.clock.now();
  const credentialHash = hashSecret(request.credential);
  return change(deps, async (tx, record) => {
    // The same request sent again waits for the first one, and then finds that it is known.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${credentialHash}, 0))`;
    const self = (await holdersOf(tx, [credentialHash], now)).get(credentialHash) ?? null;
    // Its secret may be in other hands: another token lets the manager in again, but not with the same secret.
    if (self instanceof AppError) throw self;
    const token = self ? null : await admittingToken(tx, request.token, request.cluster.name, now);
    const cluster = await joinCluster(tx, record, self, request, token, now);
    const known = await tx.manager.findUnique({
      where: { clusterId_name: { clusterId: cluster.id, name: request.manager.name } },
    });
    if (token && known?.revokedAt && known.tokenId === token.id) {
      throw notAdmitted(`the manager ${known.name} was revoked, and this is the token that it came with`);
    }
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
    const enrolled = token && {
      credentialId: randomUUID(),
      credentialHash,
      credentialExpiresAt: new Date(now.getTime() + deps.credentialMs),
      ...{ nextCredentialHash: null, nextCredentialExpiresAt: null },
      ...{ tokenId: token.id, revokedAt: null, revokedBy: null, revokedReason: null },
    };
    const data = {
      ...request.manager,
      ...{ lastSeenAt: now, registeredAt: now, silentSince: null, leftAt: null },
      ...enrolled,
    };
    const manager = known
      ? await tx.manager.update({ where: { id: known.id }, data })
      : await tx.manager.create({ data: { ...data, ...enrolled!, clusterId: cluster.id } });
    record({
      kind: 'MANAGER_REGISTERED',
      clusterId: cluster.id,
      actor: manager.name,
      summary: `Manager ${manager.name} ${known ? 'registered again' : 'registered'} (version ${manager.version}).`,
    });
    const lease = await heardFrom(deps, tx, record, cluster, manager, undefined, now);
    // Rights rest on labels: who has just been let in, or stands by, changes none.
    const relabelled =
      self !== null &&
      lease.role === 'PRIMARY' &&
      (await replaceLabels(tx, cluster.id, request.cluster.labels, now));
    if (relabelled)
      record({
        kind: 'CLUSTER_RELABELLED',
        clusterId: cluster.id,
        summary: `Labels of ${cluster.name} changed.`,
      });
    // Last of all: thousands may come with one token, and who holds its row lets the others wait. A manager that is back
    // by what it is known by, and changes nothing that rights rest on, is news and no act: the event log has it.
    if (token) await spendToken(tx, token);
    if (token || relabelled) {
      await recordAudit(tx, {
        ...caller,
        principal: {
          kind: 'manager',
          ...{ managerId: manager.id, clusterId: cluster.id, name: manager.name },
          ...{ credentialHash, credentialId: manager.credentialId },
        },
        at: now,
        action: 'registerManager',
        targets: [
          { type: 'Manager', id: manager.id, name: manager.name },
          { type: 'Cluster', id: cluster.id, name: cluster.name },
        ],
        result: 'DONE',
        detail: {
          version: manager.version,
          tokenId: token?.id ?? null,
          ...(relabelled && { labels: request.cluster.labels.map(({ key, value }) => `${key}=${value}`) }),
        },
      });
    }
    const credential = termOf(enrolled?.credentialExpiresAt ?? self!.expiresAt, now, deps.credentialMs);
    return { clusterId: cluster.id, managerId: manager.id, lease, credential };
  });
}

async function joinCluster(
  tx: Transaction,
  record: (...events: NewEvent[]) => void,
  self: { clusterId: string } | null,
  { cluster: { name, kind, labels } }: Registration,
  token: EnrolmentTokenModel | null,
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
  const bound = token ? labelsOf(token) : [];
  if (made.length > 0) {
    await replaceLabels(tx, id, labels, now, bound);
    record({ kind: 'CLUSTER_CREATED', clusterId: id, summary: `Cluster ${name} (${kind}) joined.` });
  } else {
    await mustHave(tx, cluster, bound);
    await bindLabels(tx, id, bound);
  }
  return cluster;
}

/** @throws AppError UNAUTHENTICATED when the cluster lacks a label of the token. */
async function mustHave(tx: Transaction, { id, name }: ClusterRow, labels: readonly Label[]): Promise<void> {
  if (labels.length === 0) return;
  const has = await tx.clusterLabel.count({
    where: { clusterId: id, OR: labels.map(({ key, value }) => ({ key, value })) },
  });
  if (has === labels.length) return;
  const wanted = labels.map(({ key, value }) => `${key}=${value}`).join(', ');
  throw notAdmitted(`it is for clusters with the labels ${wanted}, and ${name} has others`);
}
