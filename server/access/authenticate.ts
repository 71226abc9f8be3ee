import type { IncomingHttpHeaders } from 'node:http';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { inRounds } from '../platform/rounds.ts';
import { grantsIn } from './administrators.ts';
import { managersByCredential } from './manager-credential.ts';
import { hashSecret, type Principal } from './principal.ts';
import { noteUseEvery, sessionIn, type SessionSettings } from './session.ts';

/** Who asks, by the headers; rejects with UNAUTHENTICATED when `Authorization` is no credential that is known. */
export type Authenticate = (
  headers: Pick<IncomingHttpHeaders, 'authorization' | 'cookie'>,
) => Promise<Principal>;

export interface AuthenticateDeps {
  prisma: PrismaClient;
  clock: Clock;
  leaseMs: number;
  /** False: who brings no credential is on this machine, and may do everything. */
  authentication: boolean;
  sessions: SessionSettings;
}

const LOCAL: Principal = { kind: 'local', name: 'local' };
const ANONYMOUS: Principal = { kind: 'anonymous' };

/**
 * Looks up those who ask at the same time with one query for each kind. Nothing is kept: a credential that has ended
 * has ended. A program or a manager sends `Authorization: Bearer ock_…` or `ocm_…`, a browser the cookie of a session;
 * where there are both, the former counts.
 */
export function authenticator(deps: AuthenticateDeps): Authenticate {
  const { prisma, clock, authentication, sessions } = deps;
  const managerWith = managersByCredential(deps);
  const isLongAgo = (time: Date | null, now: Date): boolean =>
    !time || now.getTime() - time.getTime() >= noteUseEvery(sessions);

  const keyWith = inRounds(async (hashes: readonly string[]) => {
    const now = clock.now();
    const rows = await prisma.apiKey.findMany({
      where: {
        hash: { in: [...hashes] },
        revokedAt: null,
        OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
      },
    });
    const used = rows.filter(({ lastUsedAt }) => isLongAgo(lastUsedAt, now)).map(({ id }) => id);
    if (used.length > 0)
      await prisma.apiKey.updateMany({ where: { id: { in: used } }, data: { lastUsedAt: now } });
    const known = new Map<string, Principal>(
      rows.map(({ hash, id: keyId, name, grants, expiresAt }) => [
        hash,
        { kind: 'key', keyId, name, grants: grantsIn(grants), expiresAt },
      ]),
    );
    return hashes.map((hash) => known.get(hash));
  });

  const personWith = inRounds(async (hashes: readonly string[]) => {
    const now = clock.now();
    const rows = await prisma.session.findMany({
      where: {
        hash: { in: [...hashes] },
        expiresAt: { gt: now },
        lastUsedAt: { gt: new Date(now.getTime() - sessions.idleMs) },
        person: { disabled: false },
      },
      select: {
        id: true,
        hash: true,
        expiresAt: true,
        lastUsedAt: true,
        person: { select: { id: true, name: true, grants: true } },
      },
    });
    const used = rows.filter(({ lastUsedAt }) => isLongAgo(lastUsedAt, now)).map(({ id }) => id);
    if (used.length > 0)
      await prisma.session.updateMany({ where: { id: { in: used } }, data: { lastUsedAt: now } });
    const known = new Map<string, Principal>(
      rows.map(({ hash, id: sessionId, expiresAt, person: { id: personId, name, grants } }) => [
        hash,
        { kind: 'person', personId, name, sessionId, grants: grantsIn(grants), expiresAt },
      ]),
    );
    return hashes.map((hash) => known.get(hash));
  });

  return async ({ authorization, cookie }) => {
    if (authorization !== undefined) {
      const [, secret = ''] = /^Bearer (\S{1,200})$/i.exec(authorization) ?? [];
      const lookUp = secret.startsWith('ock_') ? keyWith : managerWith;
      const principal = secret === '' ? undefined : await lookUp(hashSecret(secret));
      if (principal) return principal;
      throw new AppError('UNAUTHENTICATED', 'The credential in the Authorization header is not known here.');
    }
    if (!authentication) return LOCAL;
    const session = sessionIn(cookie, sessions.secure);
    return (session && (await personWith(hashSecret(session)))) || ANONYMOUS;
  };
}
