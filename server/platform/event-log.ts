import { randomBytes } from 'node:crypto';
import { Prisma, type PrismaClient } from './generated/prisma/client.ts';
import { driverCause, isWriteConflict } from './database/driver-cause.ts';
import type { InSqlTransaction, Sql } from './database/sql-transaction.ts';
import type { EventKind } from './generated/prisma/enums.ts';
import type { ReadJson } from './database/read-json.ts';
import type { Bus } from './bus.ts';
import type { Clock } from './clock.ts';

/** The client inside a transaction: the only one that may be used there (PGlite has a single connection). */
export type Transaction = Prisma.TransactionClient;

/** What happened to what, told once to people (`summary`) and to machines (the ids). */
export interface NewEvent {
  kind: EventKind;
  summary: string;
  actor?: string | undefined;
  clusterId?: string | undefined;
  nodeId?: string | undefined;
  operationId?: string | undefined;
  commandId?: string | undefined;
  stepId?: string | undefined;
}

/**
 * A place in the log. `mark` is random for each transaction that wrote events: a log that holds another event under
 * the same revision, such as that of a restored backup that went on by itself, is told by it.
 */
export interface Position {
  revision: bigint;
  mark: string;
}

export const samePosition = (a: Position, b: Position): boolean =>
  a.revision === b.revision && a.mark === b.mark;

export interface LoggedEvent extends Position {
  kind: EventKind;
  clusterId: string | null;
  nodeId: string | null;
  operationId: string | null;
  commandId: string | null;
  stepId: string | null;
}

export interface EventWriterDeps {
  prisma: PrismaClient;
  bus: Bus;
  clock: Clock;
}

export interface SqlEventWriterDeps extends Pick<EventWriterDeps, 'bus' | 'clock'> {
  inSqlTransaction: InSqlTransaction;
}

/**
 * Runs `work` in one transaction and writes the events that it records in the same one, then rings the bell.
 * Every change of topology, operations and commands goes through here.
 *
 * The head of the log is one row that each writer takes with its last statement and holds until it commits: a
 * revision is visible only when all lower ones are, so a reader that goes by revision skips none. The price is that
 * commits of changes queue up behind each other for the length of that last statement.
 *
 * `atLast` takes an `UPDATE … RETURNING 1` of one row that many writers want, such as a counter. It is done in that last
 * statement, right before the head is taken, so that the row is held no longer than the head is. One, with events.
 */
export const change = <T>(
  { prisma, ...deps }: EventWriterDeps,
  work: (tx: Transaction, record: Record, atLast: AtLast) => Promise<T>,
): Promise<T> => write(deps, (inside) => prisma.$transaction((tx) => inside(tx)), work);

/** As {@link change}, by statements alone: for those who write so much that what Prisma does about it counts. */
export const changeBySql = <T>(
  { inSqlTransaction, ...deps }: SqlEventWriterDeps,
  work: (sql: Sql, record: Record, atLast: AtLast) => Promise<T>,
): Promise<T> => write(deps, inSqlTransaction, work);

type Record = (...events: readonly NewEvent[]) => void;
type AtLast = (update: Prisma.Sql) => void;

async function write<Tx extends Sql, T>(
  { bus, clock }: Pick<EventWriterDeps, 'bus' | 'clock'>,
  inTransaction: (inside: (tx: Tx) => Promise<T>) => Promise<T>,
  work: (tx: Tx, record: Record, atLast: AtLast) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const events: NewEvent[] = [];
    let last = NOTHING_AT_LAST;
    try {
      const result = await inTransaction(async (tx) => {
        const record: Record = (...more) => {
          for (const event of more) events.push(event);
        };
        const value = await work(tx, record, (update) => (last = update));
        if (events.length > 0) await append(tx, events, last, clock.now());
        return value;
      });
      if (events.length > 0) bus.ring();
      return result;
    } catch (error) {
      if (attempt === ATTEMPTS || !isWriteConflict(error)) throw error;
    }
  }
}

/**
 * Whether the database refused what a raw query was to write, by its SQLSTATE: a value that it cannot hold (22…) or
 * that breaks a constraint (23…). The same query fails again.
 */
export const isDataError = (error: unknown): boolean => /^2[23]/.test(driverCause(error).originalCode ?? '');

const ATTEMPTS = 3;

const NOTHING_AT_LAST = Prisma.sql`SELECT 1`;

async function append(tx: Sql, events: readonly NewEvent[], last: Prisma.Sql, at: Date): Promise<void> {
  const mark = randomBytes(6).toString('base64url');
  await tx.$executeRaw`
    WITH before AS (${last}), head AS (
      UPDATE system SET revision = revision + ${events.length}::int, mark = ${mark}
      WHERE (SELECT count(*) FROM before) >= 0
      RETURNING revision - ${events.length}::int AS base
    )
    INSERT INTO event (revision, mark, at, kind, summary, actor, cluster_id, node_id, operation_id, command_id, step_id)
    SELECT head.base + e.ordinality, ${mark}, ${at}, e.kind, e.summary, e.actor, e."clusterId", e."nodeId", e."operationId",
           e."commandId", e."stepId"
    FROM head, ROWS FROM (json_to_recordset(${JSON.stringify(events)}::json) AS (kind "EventKind", summary text, actor text,
      "clusterId" text, "nodeId" text, "operationId" text, "commandId" text, "stepId" text)) WITH ORDINALITY AS e`;
}

/** The head of the log as it is committed. */
export function headPosition(prisma: PrismaClient | Transaction): Promise<Position> {
  return prisma.system.findUniqueOrThrow({
    where: { id: SYSTEM_ID },
    select: { revision: true, mark: true },
  });
}

/** Reads the log as it is committed. */
export interface LogReader {
  head(): Promise<Position>;
  /** So many events at the most, in their order, from that revision on. */
  from(revision: bigint, most: number): Promise<LoggedEvent[]>;
}

export const logReader = ({ prisma, readJson }: { prisma: PrismaClient; readJson: ReadJson }): LogReader => ({
  head: () => headPosition(prisma),
  async from(revision, most) {
    // As text: JSON's numbers do not hold every revision.
    const events = await readJson<(Omit<LoggedEvent, 'revision'> & { revision: string })[]>(Prisma.sql`
      SELECT coalesce(json_agg(page), '[]') FROM (
        SELECT revision::text, mark, kind, cluster_id AS "clusterId", node_id AS "nodeId", operation_id AS "operationId",
          command_id AS "commandId", step_id AS "stepId"
        FROM event WHERE revision >= ${revision} ORDER BY event.revision LIMIT ${most}
      ) AS page`);
    return events.map((event) => ({ ...event, revision: BigInt(event.revision) }));
  },
});

/** There is one system; its row has this id. */
export const SYSTEM_ID = 'system';
