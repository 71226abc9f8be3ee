import { randomUUID } from 'node:crypto';
import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { driverCause } from '../platform/database/driver-cause.ts';
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
      return withCode(error, error, { ...fieldOf(error), ...error.extensions });
    }
    const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    if (cause instanceof GraphQLError && error instanceof GraphQLError) {
      // graphql-js itself: syntax, validation, a variable that does not fit, an operation that is not there.
      return withCode(error, error, { code: 'INVALID', ...fieldOf(error), ...httpOf(error) });
    }
    // Relay's arguments (`first`, `after` …) are checked by the builder itself.
    if (cause instanceof PothosValidationError)
      return withCode(error, cause, { code: 'INVALID', ...fieldOf(cause) });
    if (driverCause(cause).originalCode === CHARACTER_NOT_IN_REPERTOIRE) {
      return withCode(
        error,
        { message: 'A text has a character in it that the database cannot hold.' },
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

/** graphql-js and the builder name the place of a wrong variable or argument in their messages only. */
function fieldOf({ message }: Error): { field?: string } {
  const [, variable, path] =
    /^Variable "\$(\w+)" (?:got invalid value .*? at "([^"]+)")?/.exec(message) ?? [];
  const [, argument] = /^Argument "(\w+)"/.exec(message) ?? [];
  const field = path ?? variable ?? argument;
  return field === undefined ? {} : { field };
}

/** PostgreSQL's code for a text that has a NUL in it: what a rule of an input has let through. */
const CHARACTER_NOT_IN_REPERTOIRE = '22021';

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
