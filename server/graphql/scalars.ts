import { GraphQLScalarType, Kind } from 'graphql';
import { AppError } from '../platform/errors.ts';
import type { Position } from '../platform/event-log.ts';

const bad = (name: string, wanted: string): AppError => new AppError('INVALID', `${name}: ${wanted}`);

const ISO = /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** JavaScript takes 30 February for 2 March. */
function isDay(text: string): boolean {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** A time without a zone would be another moment on each machine; the database has no year 0, and ISO 8601 four digits. */
function parseDate(value: unknown): Date {
  const isOne = typeof value === 'string' && ISO.test(value) && isDay(value.slice(0, 'yyyy-mm-dd'.length));
  const date = new Date(isOne ? value : NaN);
  const year = date.getUTCFullYear();
  if (Number.isNaN(year) || year < 1 || year > 9999) {
    throw bad('DateTime', 'an ISO 8601 date and time with its zone is needed, such as 2026-01-31T12:00:00Z');
  }
  return date;
}

/** ISO 8601 in UTC, milliseconds. */
export const dateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'A moment as ISO 8601 in UTC, e.g. 2026-01-31T12:00:00.000Z.',
  serialize: (value) => (value as Date).toISOString(),
  parseValue: parseDate,
  parseLiteral: (node) => parseDate(node.kind === Kind.STRING ? node.value : undefined),
});

const MAX_REVISION = 2n ** 63n - 1n;

function parseRevision(value: unknown): Position {
  const [, digits, mark] =
    /^(\d{1,19})(?:\.([\w-]{1,16}))?$/.exec(typeof value === 'string' ? value : '') ?? [];
  if (digits !== undefined) {
    const revision = BigInt(digits);
    if (revision <= MAX_REVISION) return { revision, mark: mark ?? '' };
  }
  throw bad('Revision', 'a revision as it was received is needed');
}

/** Position in the event log. */
export const revision = new GraphQLScalarType<Position, string>({
  name: 'Revision',
  description:
    'Position in the event log, such as `1234.k3f9x2ab`: a growing integer, and a mark of the history that it belongs to. Send it back whole as `since` to go on from there.',
  serialize: (value) => {
    const { revision, mark } = value as Position;
    return mark ? `${revision}.${mark}` : String(revision);
  },
  parseValue: parseRevision,
  parseLiteral: (node) => parseRevision(node.kind === Kind.STRING ? node.value : undefined),
});
