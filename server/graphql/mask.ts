import { randomUUID } from 'node:crypto';
import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { driverCause } from '../platform/database/driver-cause.ts';
import { isUnavailable } from '../platform/database/unavailable.ts';
import { AppError, isErrorCode } from '../platform/errors.ts';
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
      const message = error instanceof AppError ? error.message : withoutValues(error);
      return withCode(error, { message }, { ...fieldOf(error), ...error.extensions });
    }
    const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    if (cause instanceof GraphQLError && error instanceof GraphQLError) {
      // graphql-js itself: syntax, validation, a variable that does not fit, an operation that is not there.
      const extensions = { code: 'INVALID', ...fieldOf(error), ...httpOf(error) };
      return withCode(error, { message: withoutValues(error) }, extensions);
    }
    // Relay's arguments (`first`, `after` …) are checked by the builder itself.
    if (cause instanceof PothosValidationError) return withCode(error, cause, { code: 'INVALID' });
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

/** graphql-js names the place of a wrong variable in its message only. */
function fieldOf({ message }: GraphQLError): { field?: string } {
  const [, variable] = /^Variable "\$(\w+)" /.exec(message) ?? [];
  if (variable === undefined) return {};
  const [, path] = new RegExp(String.raw` at "(${variable}(?:\.\w+|\[\d+\])+)"; `).exec(message) ?? [];
  return { field: path ?? variable };
}

/**
 * graphql-js repeats the value that is wrong, and with it what stands beside it: a password, a token. What is told
 * instead is where it is, and what was expected there.
 */
function withoutValues(error: GraphQLError): string {
  const reason = error.originalError && shortened(error.originalError.message);
  const [, variable] = /^(Variable "\$\w+") got invalid value /.exec(error.message) ?? [];
  if (variable !== undefined) return `${variable} does not fit at "${fieldOf(error).field}": ${reason ?? ''}`;
  const message = shortened(error.message);
  return reason === undefined || message.includes(reason) ? message : `${message} ${reason}`;
}

const shortened = (message: string): string =>
  REPEATING.reduce((text, [pattern, instead]) => text.replace(pattern, instead), message);

const REPEATING: readonly [RegExp, string][] = [
  [/(cannot represent [\w -]*value): [^]*?(?=( Did you mean [^?]*\?)?$)/, '$1.'],
  [/^Value [^]* (does not exist in "\w+" enum)/, 'The value $1'],
  [/^(Expected value of type "[^"]+"), found [^]*?(?=( Did you mean [^?]*\?)?$)/, '$1.'],
  [/^Unknown operation named "[^]*$/, 'The document has no operation of that name.'],
  [/^(Argument "\w+" has invalid value) [^]*$/, '$1.'],
  [/^(Syntax Error: [^]*?(?:Name|String|Int|Float)) "[^]*$/, '$1.'],
];

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
