import { createHash } from 'node:crypto';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock } from '../platform/clock.ts';
import { managersByCredential } from './manager-credential.ts';

/** Who asks. */
export type Principal =
  | { kind: 'anonymous' } // no or an ended session; sees log-in only
  | { kind: 'local'; name: 'local' } // AUTH=off on a loopback address: an administrator of everything
  | { kind: 'person'; personId: string; name: string; sessionId: string; grants: Grant[] }
  | { kind: 'key'; keyId: string; name: string; grants: Grant[]; expiresAt: Date | null } // API key
  | {
      kind: 'manager';
      managerId: string;
      clusterId: string;
      name: string;
      credentialHash: string;
      /** Stays through renewals. */
      credentialId: string;
    };

/** What one may do, and where: over the whole system, or over clusters chosen by name or label. */
export interface Grant {
  role: 'VIEWER' | 'OPERATOR' | 'ADMINISTRATOR';
  clusters: null | { names: string[]; labels: { key: string; value: string }[] };
}

/** Who asks, and from where: what is written down of each act. */
export interface Caller {
  principal: Principal;
  /** The peer's address; the forwarded one only behind a proxy that is trusted. */
  from: string;
  userAgent: string | null;
}

/** Who it is, for people. */
export const nameOf = (principal: Principal): string =>
  'name' in principal ? principal.name : principal.kind;

export type ManagerPrincipal = Extract<Principal, { kind: 'manager' }>;

/** Whether it has the role over the whole system. */
export const isOverAll = (principal: Principal, _role: Grant['role']): boolean => principal.kind === 'local';

/** What decides what is shown: principals of one scope get the same answer to the same question. */
export const scopeOf = (principal: Principal): string =>
  principal.kind === 'manager' ? `manager ${principal.managerId}` : principal.kind;

/** Until people have accounts the OC serves its own machine only, and whoever is on it is the operator. */
const LOCAL_OPERATOR: Principal = { kind: 'local', name: 'local' };

/** Secrets are stored hashed only. They are random, so one round is enough. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Who asks, by the `Authorization` header; rejects with UNAUTHENTICATED when it is no credential that is known. */
export type Authenticate = (authorization: string | undefined) => Promise<Principal>;

/** Looks up those who ask at the same time with one query. Nothing is kept: a credential that has ended has ended. */
export function authenticator(deps: { prisma: PrismaClient; clock: Clock }): Authenticate {
  const managerWith = managersByCredential(deps);
  return async (authorization) => {
    if (authorization === undefined) return LOCAL_OPERATOR;
    const [, secret] = /^Bearer (\S{1,200})$/i.exec(authorization) ?? [];
    const manager = secret === undefined ? undefined : await managerWith(hashSecret(secret));
    if (!manager)
      throw new AppError('UNAUTHENTICATED', 'The credential in the Authorization header is not known here.');
    return manager;
  };
}

/**
 * The manager that a manager's field is asked by; its `authScopes` have made sure of that.
 * @throws AppError FORBIDDEN otherwise.
 */
export function asManager(principal: Principal): ManagerPrincipal {
  if (principal.kind === 'manager') return principal;
  throw new AppError('FORBIDDEN', 'This is for managers.');
}
