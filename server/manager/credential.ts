import { recordAudit } from '../access/audit/record.ts';
import { termOf, type CredentialTerm } from '../access/manager-credential.ts';
import { hashSecret, nameOf, type Caller, type ManagerPrincipal } from '../access/principal.ts';
import type { Deps } from '../deps.ts';
import type { ManagerModel } from '../platform/generated/prisma/models.ts';
import { AppError, conflict, invalid, notFound } from '../platform/errors.ts';
import { change } from '../platform/event-log.ts';
import { lockCluster } from '../topology/lock.ts';
import { setLink } from '../topology/refresh.ts';

/**
 * Takes a new credential that a manager made beside the one that it shows: that stays until the new one is first used,
 * or its own end, so nothing is lost with the answer, and the same may be asked again.
 * @returns the new one's term
 * @throws AppError UNAUTHENTICATED when the one that is shown has ended meanwhile; INVALID when the new one is another
 *   manager's; CONFLICT before a third of its life is over.
 */
export async function renewCredential(
  { prisma, clock, credentialMs }: Deps,
  caller: Caller,
  { managerId, credentialHash, name }: ManagerPrincipal,
  credential: string,
): Promise<CredentialTerm> {
  const now = clock.now();
  const renewed = hashSecret(credential);
  const expiresAt = new Date(now.getTime() + credentialMs);
  return prisma.$transaction(async (tx) => {
    // As who registers: of two who come with one secret at once, the second finds that it is taken.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${renewed}, 0))`;
    const known = await tx.manager.findUnique({ where: { id: managerId, credentialHash, revokedAt: null } });
    if (!known) throw new AppError('UNAUTHENTICATED', 'The credential has ended meanwhile.');
    if (renewed === credentialHash) return termOf(known.credentialExpiresAt, now, credentialMs);
    if (renewed === known.nextCredentialHash)
      return termOf(known.nextCredentialExpiresAt!, now, credentialMs);
    const others = [{ credentialHash: renewed }, { nextCredentialHash: renewed }];
    if ((await tx.manager.count({ where: { OR: others } })) > 0)
      throw invalid('input.credential', 'is in use: make one of 32 random bytes');
    // Each renewal is an entry of the audit log, which is kept for ever: nobody is to fill it.
    const { validForMs, renewAfterMs } = termOf(known.credentialExpiresAt, now, credentialMs);
    if (validForMs > (credentialMs * 2) / 3) {
      const message = 'A credential is not renewed before a third of its life is over.';
      throw conflict(message, { field: 'input.credential', renewAfterMs });
    }
    await tx.manager.update({
      where: { id: managerId, credentialHash },
      data: { nextCredentialHash: renewed, nextCredentialExpiresAt: expiresAt },
    });
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'renewCredential',
      targets: [{ type: 'Manager', id: managerId, name }],
      result: 'DONE',
      detail: { expiresAt: expiresAt.toISOString() },
    });
    return termOf(expiresAt, now, credentialMs);
  });
}

/**
 * Ends a manager's credential: it is primary no more, its lines are closed on every server, and it is not let in again
 * but with another enrolment token and another credential. What it has begun on its nodes nobody here can stop.
 * One that was revoked before stays as it was.
 * @throws AppError NOT_FOUND
 */
export async function revokeManager(
  deps: Deps,
  caller: Caller,
  id: string,
  reason: string,
): Promise<ManagerModel> {
  const now = deps.clock.now();
  const actor = nameOf(caller.principal);
  return change(deps, async (tx, record) => {
    const before = await tx.manager.findUnique({ where: { id } });
    if (!before) throw notFound('manager', id, 'input.managerId');
    const { clusterId } = before;
    const cluster = await lockCluster(tx, clusterId);
    const [manager] = await tx.manager.updateManyAndReturn({
      where: { id, revokedAt: null },
      data: {
        ...{ revokedAt: now, revokedBy: actor, revokedReason: reason, leftAt: now, silentSince: null },
        ...{ nextCredentialHash: null, nextCredentialExpiresAt: null },
      },
    });
    if (!manager) return tx.manager.findUniqueOrThrow({ where: { id } });
    record({
      kind: 'MANAGER_REVOKED',
      clusterId,
      actor,
      summary: `Manager ${manager.name} was revoked. ${reason}`,
    });
    if (cluster.primaryId === id) {
      await tx.cluster.update({ where: { id: clusterId }, data: { primaryId: null, leaseExpiresAt: null } });
      const summary = `The primary manager ${manager.name} was revoked.`;
      record(...(await setLink(tx, [cluster], 'SILENT', now, () => summary)));
    }
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'revokeManager',
      reason,
      targets: [
        { type: 'Manager', id, name: manager.name },
        { type: 'Cluster', id: clusterId, name: cluster.name },
      ],
      result: 'DONE',
    });
    return manager;
  });
}
