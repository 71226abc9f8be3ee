import { GraphQLError } from 'graphql';

/** What a client can act on; everything else is UNEXPECTED and masked. */
const CODES = [
  'NOT_FOUND',
  'INVALID',
  'CONFLICT',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'UNAVAILABLE',
  'RESYNC_REQUIRED',
  'UNEXPECTED',
] as const;
export type ErrorCode = (typeof CODES)[number];

export const isErrorCode = (value: unknown): value is ErrorCode =>
  (CODES as readonly unknown[]).includes(value);

/** One thing wrong with an input: `path` as in the document's variables, e.g. `input.cluster.name`. */
export interface FieldProblem {
  path: string;
  message: string;
}

/** At what somebody was refused, where that is known better than by what the request says. */
export interface Refused {
  /** What one tried at: the same again is the same denial. */
  at: string;
  targets: readonly { type: string; id: string; name: string | null }[];
}

/**
 * An error meant for the client. `extensions.code` says what kind, `extensions.field` which input is at fault,
 * `extensions.problems` all of them, where there are several.
 */
export class AppError extends GraphQLError {
  /** Set: it refuses somebody something, whatever its code. For the audit log; a client is never told. */
  refused?: Refused;

  constructor(code: ErrorCode, message: string, extensions: Record<string, unknown> = {}) {
    super(message, { extensions: { code, ...extensions } });
    this.name = 'AppError';
  }
}

/** The error as one that refuses. */
export const refusing = (error: AppError, refused: Refused): AppError => Object.assign(error, { refused });

export const invalid = (field: string, message: string): AppError =>
  new AppError('INVALID', `${field}: ${message}`, { field });

/** @param field the input that holds the id; none when it is the caller's own. */
export const notFound = (what: string, id: string, field?: string): AppError =>
  new AppError(
    'NOT_FOUND',
    `There is no ${what} with the id ${JSON.stringify(id.slice(0, 64))}.`,
    field === undefined ? {} : { field },
  );

export const conflict = (message: string, extensions: Record<string, unknown> = {}): AppError =>
  new AppError('CONFLICT', message, extensions);

/** All problems of one input as one error that names the first field and lists the rest. */
export function invalidInput(problems: readonly FieldProblem[]): AppError {
  const [first] = problems;
  if (!first) throw new Error('invalidInput needs at least one problem');
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new AppError('INVALID', `${first.path}: ${first.message}${more}`, { field: first.path, problems });
}
