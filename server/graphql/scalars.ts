import { GraphQLScalarType, Kind } from 'graphql';
import { AppError } from '../platform/errors.ts';

const bad = (name: string, wanted: string): AppError => new AppError('INVALID', `${name}: ${wanted}`);

function parseDate(value: unknown): Date {
  const date = typeof value === 'string' ? new Date(value) : new Date(NaN);
  // PostgreSQL and JavaScript agree on the years 0 to 9999; nothing here needs more.
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value) || Number.isNaN(date.getTime())) {
    throw bad('DateTime', 'an ISO 8601 date and time such as 2026-01-31T12:00:00Z is needed');
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

function parseRevision(value: unknown): bigint {
  if (typeof value === 'string' && /^\d{1,19}$/.test(value)) {
    const revision = BigInt(value);
    if (revision <= MAX_REVISION) return revision;
  }
  throw bad('Revision', 'a revision as it was received is needed');
}

/** Position in the event log. */
export const revision = new GraphQLScalarType<bigint, string>({
  name: 'Revision',
  description:
    'Position in the event log: a growing decimal integer as a string. Send it back as `since` to go on from there.',
  serialize: (value) => String(value),
  parseValue: parseRevision,
  parseLiteral: (node) => parseRevision(node.kind === Kind.STRING ? node.value : undefined),
});
