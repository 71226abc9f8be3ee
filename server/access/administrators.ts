import type { Transaction } from '../platform/event-log.ts';
import type { Prisma } from '../platform/generated/prisma/client.ts';
import type { PersonModel } from '../platform/generated/prisma/models.ts';
import { canonicalGrants, EVERYTHING, hasRoleOverAll, type Grant } from './grants.ts';

/** Grants as they are kept, and as they are found again. */
export const grantsJson = (grants: readonly Grant[]): Prisma.InputJsonValue =>
  canonicalGrants(grants) as unknown as Prisma.InputJsonValue;
export const grantsIn = (json: Prisma.JsonValue): Grant[] => json as unknown as Grant[];

/** Those who can log in and may do everything. */
export const ADMINISTRATORS: Prisma.PersonWhereInput = {
  disabled: false,
  passwordHash: { not: null },
  grants: { array_contains: grantsJson(EVERYTHING) },
};

export const administers = ({ disabled, passwordHash, grants }: PersonModel): boolean =>
  !disabled && passwordHash !== null && hasRoleOverAll(grantsIn(grants), 'ADMINISTRATOR');

/** Who may administer is decided by one at a time, until its transaction ends. */
export const lockAdministrators = (tx: Transaction): Promise<number> =>
  tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('administrators', 0))`;
