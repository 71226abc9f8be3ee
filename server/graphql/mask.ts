import { randomUUID } from 'node:crypto';
import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { Prisma } from '../platform/generated/prisma/client.ts';
import { isUnavailable } from '../platform/database/unavailable.ts';
import { isErrorCode } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';

/**
 * What a client may see of an error. What is meant for it passes; a wrong document or value is INVALID; what nobody
 * expected is logged under an id and told as that id only.
 */
export const maskError =
  (logger: Logger) =>
  (error: unknown): GraphQLError => {
    // Meant for the client, or masked before: some errors come through more than one layer.
    if (error instanceof GraphQLError && isErrorCode(error.extensions['code'])) {
      return withCode(error, error, error.extensions);
    }
    const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    if (cause instanceof GraphQLError && error instanceof GraphQLError) {
      // graphql-js itself: syntax, validation, a variable that does not fit, an operation that is not there.
      return withCode(error, error, { code: 'INVALID', ...fieldOf(error), ...httpOf(error) });
    }
    // Relay's arguments (`first`, `after` …) are checked by the builder itself.
    if (cause instanceof PothosValidationError) return withCode(error, cause, { code: 'INVALID' });
    if (isWrongArgument(cause)) {
      logger.info({ err: cause }, 'an argument that does not fit');
      return withCode(
        error,
        {
          message:
            'An argument does not fit: a cursor that was not given out here, perhaps, or nesting too deep.',
        },
        { code: 'INVALID' },
      );
    }
    const id = randomUUID();
    if (isUnavailable(cause)) {
      logger.warn({ err: cause, errorId: id }, 'the database is not available');
      return withCode(
        error,
        { message: 'The database does not answer right now. Try again.' },
        { code: 'UNAVAILABLE', id },
      );
    }
    if (isClientGone(cause)) logger.debug({ err: cause, errorId: id }, 'the client went away');
    else logger.error({ err: cause, errorId: id }, 'unexpected error');
    return withCode(error, { message: `Unexpected error ${id}.` }, { code: 'UNEXPECTED', id });
  };

/** What the transport is told of the answer. A request that is none (`BAD_REQUEST`) is so whatever is accepted. */
function httpOf({ extensions: { http, code } }: GraphQLError): { http?: object } {
  if (typeof http !== 'object' || http === null) return {};
  return { http: code === 'BAD_REQUEST' ? { ...http, spec: false } : http };
}

/** graphql-js names the place of a wrong variable in its message only. */
function fieldOf({ message }: GraphQLError): { field?: string } {
  const [, variable, path] =
    /^Variable "\$(\w+)" (?:got invalid value .*? at "([^"]+)")?/.exec(message) ?? [];
  const field = path ?? variable;
  return field === undefined ? {} : { field };
}

/** What got past the inputs' own rules: forged cursors, and documents that exhaust the stack. */
const isWrongArgument = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientValidationError ||
  error instanceof SyntaxError ||
  error instanceof RangeError ||
  (error instanceof Error && error.message.includes('22021'));

const isClientGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['EPIPE', 'ECONNRESET'].includes(String(error.code));

function withCode(
  where: unknown,
  { message }: { message: string },
  extensions: Record<string, unknown>,
): GraphQLError {
  const { nodes, path, source, positions } = where instanceof GraphQLError ? where : {};
  return new GraphQLError(message, { nodes, path, source, positions, extensions });
}
