import { randomUUID } from 'node:crypto';
import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { Prisma } from '../platform/generated/prisma/client.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';

/** Prisma's codes for "the database cannot be used right now": not reached, timed out, no connection free, closed. */
const UNAVAILABLE = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034']);

/**
 * What a client may see of an error. What is meant for it passes; a wrong document or value is INVALID; what nobody
 * expected is logged under an id and told as that id only.
 */
export const maskError =
  (logger: Logger) =>
  (error: unknown): GraphQLError => {
    const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    if (cause instanceof AppError) return withCode(error, cause, cause.extensions);
    if (error instanceof GraphQLError && cause === error) {
      // graphql-js itself: syntax, validation, a variable that does not fit, an operation that is not there.
      const { code = 'INVALID', ...rest } = error.extensions;
      return withCode(error, error, {
        ...rest,
        code: isHttpStatus(rest) || typeof code !== 'string' ? 'INVALID' : code,
      });
    }
    // Relay's arguments (`first`, `after` …) are checked by the builder itself.
    if (cause instanceof PothosValidationError) return withCode(error, cause, { code: 'INVALID' });
    const id = randomUUID();
    if (isUnavailable(cause)) {
      logger.warn({ err: cause, errorId: id }, 'the database is not available');
      return withCode(
        error,
        { message: 'The database does not answer right now. Try again.' },
        { code: 'UNAVAILABLE', id },
      );
    }
    logger.error({ err: cause, errorId: id }, 'unexpected error');
    return withCode(error, { message: `Unexpected error ${id}.` }, { code: 'UNEXPECTED', id });
  };

const isHttpStatus = (extensions: Record<string, unknown>): boolean => 'http' in extensions;

function isUnavailable(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError) return UNAVAILABLE.has(error.code);
  return error instanceof Prisma.PrismaClientInitializationError;
}

function withCode(
  where: unknown,
  { message }: { message: string },
  extensions: Record<string, unknown>,
): GraphQLError {
  const { nodes, path, source, positions } = where instanceof GraphQLError ? where : {};
  return new GraphQLError(message, { nodes, path, source, positions, extensions });
}
