import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { ManagerModel } from '../platform/generated/prisma/models.ts';
import { AppError } from '../platform/errors.ts';
import type { Transaction } from '../platform/event-log.ts';
import { inRounds } from '../platform/rounds.ts';
import { excuseOutage, type OutageDeps } from './outage.ts';

/** How long a credential holds, and when to renew it, both from now on: nobody's clock is compared with the OC's. */
export interface CredentialTerm {
  validForMs: number;
  renewAfterMs: number;
}

/** It is renewed when two thirds of its life are over. */
export function termOf(expiresAt: Date, now: Date, lifeMs: number): CredentialTerm {
  const validForMs = Math.max(0, expiresAt.getTime() - now.getTime());
  return { validForMs, renewAfterMs: Math.max(0, validForMs - lifeMs / 3) };
}

type Known = Pick<
  ManagerModel,
  | 'id'
  | 'clusterId'
  | 'name'
  | 'credentialId'
  | 'credentialHash'
  | 'credentialExpiresAt'
  | 'nextCredentialHash'
  | 'nextCredentialExpiresAt'
  | 'revokedAt'
  | 'revokedBy'
  | 'revokedReason'
>;
const KNOWN = {
  ...{ id: true, clusterId: true, name: true, credentialId: true, credentialHash: true },
  ...{ credentialExpiresAt: true, nextCredentialHash: true, nextCredentialExpiresAt: true },
  ...{ revokedAt: true, revokedBy: true, revokedReason: true },
} as const;

/** A manager as it is known by the credential with a hash. */
export interface Holder extends Known {
  /** When that credential ends. */
  expiresAt: Date;
}

/**
 * The managers that know the credentials with these hashes. One that shows a renewed credential for the first time has
 * got it for certain: it takes the place of the one before, which ends here.
 * @returns by hash: the manager, or UNAUTHENTICATED (`ended`: REVOKED or EXPIRED) when the credential has ended.
 */
export async function holdersOf(
  db: PrismaClient | Transaction,
  hashes: readonly string[],
  now: Date,
): Promise<Map<string, Holder | AppError>> {
  const wanted = new Set(hashes);
  const rows = await db.manager.findMany({
    where: { OR: [{ credentialHash: { in: [...wanted] } }, { nextCredentialHash: { in: [...wanted] } }] },
    select: KNOWN,
  });
  const found = new Map<string, Holder | AppError>();
  const taken: string[] = [];
  for (const row of rows) {
    const { credentialHash, credentialExpiresAt, nextCredentialHash: next, nextCredentialExpiresAt } = row;
    if (next && wanted.has(next)) {
      const holder = judge(row, nextCredentialExpiresAt!, now);
      found.set(next, holder);
      if (!(holder instanceof AppError)) taken.push(next);
    }
    if (wanted.has(credentialHash)) found.set(credentialHash, judge(row, credentialExpiresAt, now));
  }
  // In one statement, and by the hash: who comes second finds it done.
  if (taken.length > 0) {
    await db.$executeRaw`
      UPDATE manager SET credential_hash = next_credential_hash, credential_expires_at = next_credential_expires_at,
        next_credential_hash = NULL, next_credential_expires_at = NULL
      WHERE next_credential_hash = ANY(${taken})`;
  }
  return found;
}

function judge(row: Known, expiresAt: Date, now: Date): Holder | AppError {
  if (row.revokedAt) return revoked(row);
  if (expiresAt > now) return { ...row, expiresAt };
  const at = expiresAt.toISOString();
  return ended('EXPIRED', `The credential of ${row.name} expired at ${at}. It needs a new enrolment token.`);
}

export function revoked(row: Pick<ManagerModel, 'name' | 'revokedBy' | 'revokedReason'>): AppError {
  const why = row.revokedReason ? `: ${row.revokedReason}` : '';
  const message = `The manager ${row.name} was revoked by ${row.revokedBy}${why}. It needs a new enrolment token.`;
  return ended('REVOKED', message);
}

/** `ended` tells the manager that its secret is never taken again. */
const ended = (why: 'REVOKED' | 'EXPIRED', message: string): AppError =>
  new AppError('UNAUTHENTICATED', message, { ended: why });

export const hasExpired = (error: unknown): boolean =>
  error instanceof AppError && error.extensions['ended'] === 'EXPIRED';

/**
 * The manager with a credential; rejects when that has ended. Those who ask at the same time are one query. None is
 * told that it has expired before the time is given back during which it could not be renewed: it would never come again.
 */
export function managersByCredential(deps: OutageDeps) {
  const holderOf = inRounds<string, Holder | undefined>(async (hashes) => {
    const look = () => holdersOf(deps.prisma, hashes, deps.clock.now());
    let known = await look();
    if ([...known.values()].some(hasExpired)) {
      await excuseOutage(deps);
      known = await look();
    }
    return hashes.map((hash) => known.get(hash));
  });
  return async (hash: string) => {
    const holder = await holderOf(hash);
    if (!holder) return undefined;
    const { id: managerId, clusterId, name, credentialId } = holder;
    return { kind: 'manager' as const, managerId, clusterId, name, credentialId, credentialHash: hash };
  };
}

/** When the credentials with these ids end that are still there, however often they were renewed. */
export async function credentialEnds(
  prisma: PrismaClient,
  ids: readonly string[],
  now: Date,
): Promise<Map<string, Date>> {
  const rows = await prisma.manager.findMany({
    where: {
      credentialId: { in: [...ids] },
      revokedAt: null,
      OR: [{ credentialExpiresAt: { gt: now } }, { nextCredentialExpiresAt: { gt: now } }],
    },
    select: { credentialId: true, credentialExpiresAt: true, nextCredentialExpiresAt: true },
  });
  return new Map(
    rows.map(({ credentialId, credentialExpiresAt, nextCredentialExpiresAt }) => [
      credentialId,
      nextCredentialExpiresAt ?? credentialExpiresAt,
    ]),
  );
}
