import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { EnrolmentTokenModel } from '../platform/generated/prisma/models.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError, notFound } from '../platform/errors.ts';
import type { Transaction } from '../platform/event-log.ts';
import { recordAudit } from './audit/record.ts';
import type { Label } from './grants.ts';
import { hashSecret, nameOf, newSecret, type Caller } from './principal.ts';

export interface EnrolmentRequest {
  /** The cluster that it admits to; null: any. */
  clusterName: string | null;
  /** A cluster must have these to be joined with it; a new one gets them. */
  labels: readonly Label[];
  uses: number;
  expiresInSeconds: number;
  /** Why, for the audit log. */
  reason: string | null;
}

/** VALID: it admits. The others say why not. */
export type TokenStatus = 'VALID' | 'USED_UP' | 'EXPIRED' | 'REVOKED';

/** 256 random bits behind a prefix that says what it is; a manager's credential begins with `ocm_`. */
export const newToken = (): string => newSecret('oce');

export const labelsOf = ({ labels }: Pick<EnrolmentTokenModel, 'labels'>): Label[] =>
  labels as unknown as Label[];

export function tokenStatus(
  { revokedAt, usesLeft, expiresAt }: Pick<EnrolmentTokenModel, 'revokedAt' | 'usesLeft' | 'expiresAt'>,
  now: Date,
): TokenStatus {
  if (revokedAt) return 'REVOKED';
  if (usesLeft === 0) return 'USED_UP';
  return expiresAt > now ? 'VALID' : 'EXPIRED';
}

/** Makes a token with which managers join. The token itself is in the answer only: its hash is what is kept. */
export async function createEnrolmentToken(
  prisma: PrismaClient,
  clock: Clock,
  caller: Caller,
  { clusterName, labels, uses, expiresInSeconds, reason }: EnrolmentRequest,
): Promise<{ token: string; row: EnrolmentTokenModel }> {
  const token = newToken();
  const now = clock.now();
  const row = await prisma.$transaction(async (tx) => {
    const made = await tx.enrolmentToken.create({
      data: {
        hash: hashSecret(token),
        clusterName,
        labels: labels.map(({ key, value }) => ({ key, value })),
        uses,
        usesLeft: uses,
        expiresAt: new Date(now.getTime() + expiresInSeconds * 1000),
        createdAt: now,
        createdBy: nameOf(caller.principal),
      },
    });
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'createEnrolmentToken',
      reason,
      targets: [targetOf(made)],
      result: 'DONE',
      detail: {
        clusterName,
        labels: labels.map(({ key, value }) => ({ key, value })),
        uses,
        expiresAt: made.expiresAt.toISOString(),
      },
    });
    return made;
  });
  return { token, row };
}

/**
 * Admits nobody from now on; those that it has admitted stay. One that was revoked before stays as it was.
 * @throws AppError NOT_FOUND
 */
export async function revokeEnrolmentToken(
  prisma: PrismaClient,
  clock: Clock,
  caller: Caller,
  id: string,
  reason: string | null,
): Promise<EnrolmentTokenModel> {
  const now = clock.now();
  return prisma.$transaction(async (tx) => {
    const [revoked] = await tx.enrolmentToken.updateManyAndReturn({
      where: { id, revokedAt: null },
      data: { revokedAt: now, revokedBy: nameOf(caller.principal) },
    });
    if (!revoked) {
      const before = await tx.enrolmentToken.findUnique({ where: { id } });
      if (before) return before;
      throw notFound('enrolment token', id, 'id');
    }
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'revokeEnrolmentToken',
      reason,
      targets: [targetOf(revoked)],
      result: 'DONE',
    });
    return revoked;
  });
}

const targetOf = ({ id, clusterName }: EnrolmentTokenModel) => ({
  type: 'EnrolmentToken',
  id,
  name: clusterName,
});

/**
 * The token that is to admit somebody to a cluster, as it is now. It is not locked: who was first is decided by
 * `spendToken`, at the end of what may take its time.
 * @throws AppError UNAUTHENTICATED when there is none, or it does not admit there.
 */
export async function admittingToken(
  tx: Transaction,
  token: string | null,
  clusterName: string,
  now: Date,
): Promise<EnrolmentTokenModel> {
  if (token === null) throw notAdmitted('the credential is not known here, and there is no enrolment token');
  const row = await tx.enrolmentToken.findUnique({ where: { hash: hashSecret(token) } });
  if (!row) throw notAdmitted('it is not known here');
  const status = tokenStatus(row, now);
  if (status !== 'VALID') throw notAdmitted(WHY_NOT[status]);
  if (row.clusterName !== null && row.clusterName !== clusterName)
    throw notAdmitted(`it is for the cluster ${row.clusterName}`);
  return row;
}

/**
 * Takes one use of a token. Its row is locked from here to the commit, so this comes last.
 * @throws AppError UNAUTHENTICATED when others have used it up meanwhile, or it was revoked.
 */
export async function spendToken(tx: Transaction, { id }: EnrolmentTokenModel): Promise<void> {
  const spent = await tx.enrolmentToken.updateMany({
    where: { id, usesLeft: { gt: 0 }, revokedAt: null },
    data: { usesLeft: { decrement: 1 } },
  });
  if (spent.count === 0) throw notAdmitted(WHY_NOT.USED_UP);
}

const WHY_NOT = { USED_UP: 'it is used up', EXPIRED: 'it has expired', REVOKED: 'it was revoked' } as const;

export const notAdmitted = (why: string) =>
  new AppError('UNAUTHENTICATED', `input.token: ${why}. Ask an administrator for a new one.`, {
    field: 'input.token',
  });
