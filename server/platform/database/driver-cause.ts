import { Prisma } from '../generated/prisma/client.ts';

/** What the driver says of an error, in words of its own (`kind`) and of PostgreSQL (`originalCode`, the SQLSTATE). */
export interface DriverCause {
  kind?: string;
  originalCode?: string;
}

/** Prisma keeps it beside an error that it knows; an error that it does not know is the driver adapter's own. */
export function driverCause(error: unknown): DriverCause {
  const known = error instanceof Prisma.PrismaClientKnownRequestError;
  const adapter = known ? error.meta?.['driverAdapterError'] : error;
  return ((adapter as Error | undefined)?.cause ?? {}) as DriverCause;
}

/**
 * Whether the database gave up one of two transactions that were in each other's way: nothing of it has happened.
 * Prisma says P2034, but of a raw query P2010 with the driver's reason in it; the driver says its reason alone.
 */
export function isWriteConflict(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2034') return true;
  return driverCause(error).kind === 'TransactionWriteConflict';
}
