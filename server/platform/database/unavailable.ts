import { Prisma } from '../generated/prisma/client.ts';
import { driverCause, isWriteConflict } from './driver-cause.ts';

/** Prisma's codes for "the database cannot be used right now": not reached, timed out, no connection free, closed. */
const CODES = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037']);

/** The same as the driver adapter says it, which is all that there is of a raw query. */
const KINDS = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections']);

/** PostgreSQL's own codes: connection failure; too slow for our limit; shutting down, crashed, starting up. */
const SQLSTATE = /^(08...|57014|57P0[1-3])$/;

/** The driver and its pool throw bare errors when a connection or an answer does not come in time, or it ends under a query. */
const MESSAGE =
  /Query read timeout|timeout exceeded when trying to connect|Connection terminated|Client (has encountered a connection error|was closed) and is not queryable/;

/** Whether an error says that the database cannot be used right now, and nothing about what was asked of it. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isWriteConflict(error) || error instanceof Prisma.PrismaClientInitializationError) return true;
  const known = error instanceof Prisma.PrismaClientKnownRequestError ? error : undefined;
  if (known && CODES.has(known.code)) return true;
  const { kind, originalCode } = driverCause(error);
  return KINDS.has(kind ?? '') || SQLSTATE.test(originalCode ?? '') || MESSAGE.test(error.message);
}
