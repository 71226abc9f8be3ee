import { createHash } from 'node:crypto';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { AppError } from '../platform/errors.ts';

/** Who asks. */
export type Principal =
  | { kind: 'operator'; name: string }
  | { kind: 'manager'; managerId: string; clusterId: string; name: string; credentialHash: string };

/** What decides what is shown: principals of one scope get the same answer to the same question. */
export const scopeOf = (principal: Principal): string =>
  principal.kind === 'operator' ? 'operator' : `manager ${principal.managerId}`;

/** Until people have accounts the OC serves its own machine only, and whoever is on it is the operator. */
const LOCAL_OPERATOR: Principal = { kind: 'operator', name: 'local' };

/** Secrets are stored hashed only. They are random, so one round is enough. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/**
 * The principal behind an `Authorization` header.
 * @throws AppError UNAUTHENTICATED when there is one and it is not a manager's credential.
 */
export async function authenticate(
  prisma: PrismaClient,
  authorization: string | undefined,
): Promise<Principal> {
  if (authorization === undefined) return LOCAL_OPERATOR;
  const [, secret] = /^Bearer (\S{1,200})$/i.exec(authorization) ?? [];
  const manager = secret
    ? await prisma.manager.findUnique({
        where: { credentialHash: hashSecret(secret) },
        select: { id: true, clusterId: true, name: true, credentialHash: true },
      })
    : null;
  if (!manager)
    throw new AppError('UNAUTHENTICATED', 'The credential in the Authorization header is not known here.');
  const { id: managerId, ...who } = manager;
  return { kind: 'manager', managerId, ...who };
}

/**
 * The manager that a manager's field is asked by; its `authScopes` have made sure of that.
 * @throws AppError FORBIDDEN otherwise.
 */
export function asManager(principal: Principal): Extract<Principal, { kind: 'manager' }> {
  if (principal.kind === 'manager') return principal;
  throw new AppError('FORBIDDEN', 'This is for managers.');
}
