import { Prisma } from '../platform/generated/prisma/client.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import type { CommandStatus } from '../platform/generated/prisma/enums.ts';
import type { NewEvent, Transaction } from '../platform/event-log.ts';
import { OPEN_STEP, countsFrom, type CommandCounts } from './state.ts';

/**
 * Locks commands' rows until the transaction ends. Rows are locked in one order, so that nobody waits in a circle:
 * cluster, commands by id, operation, waves, steps, and last the head of the log. NO KEY, because the log's foreign keys
 * share the keys of rows that others hold.
 */
export async function lockCommands(
  tx: Transaction,
  which: { operationId: string } | { ids: string[] },
): Promise<void> {
  if ('ids' in which)
    await tx.$queryRaw`SELECT 1 FROM command WHERE id = ANY(${which.ids}) ORDER BY id FOR NO KEY UPDATE`;
  else
    await tx.$queryRaw`SELECT 1 FROM command WHERE operation_id = ${which.operationId} ORDER BY id FOR NO KEY UPDATE`;
}

/** Locks the operation's row until the transaction ends; null when there is none. */
export async function lockOperation(tx: Transaction, id: string): Promise<OperationModel | null> {
  await tx.$queryRaw`SELECT 1 FROM operation WHERE id = ${id} FOR NO KEY UPDATE`;
  return tx.operation.findUnique({ where: { id } });
}

/** Locks the operation's waves until the transaction ends; after the operation itself. */
export async function lockWaves(tx: Transaction, operationId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM wave WHERE operation_id = ${operationId} ORDER BY index FOR NO KEY UPDATE`;
}

/** Ends the steps of commands that will not begin them. That is told with the commands: there may be very many. */
export const skipSteps = (
  tx: Transaction,
  commands: readonly { id: string }[],
  reason: string,
  now: Date,
): Promise<void> => endSteps(tx, commands, { status: 'SKIPPED', reason, finishedAt: now });

/** As {@link skipSteps}, where nobody knows what a manager does of them. */
export const loseSteps = (
  tx: Transaction,
  commands: readonly { id: string }[],
  reason: string,
): Promise<void> => endSteps(tx, commands, { status: 'UNKNOWN', reason });

async function endSteps(
  tx: Transaction,
  commands: readonly { id: string }[],
  data: { status: 'SKIPPED' | 'UNKNOWN'; reason: string; finishedAt?: Date },
): Promise<void> {
  await tx.step.updateMany({
    where: { commandId: { in: commands.map(({ id }) => id) }, status: { in: [...OPEN_STEP] } },
    data,
  });
}

export const commandEvent = (
  kind: 'COMMAND_ISSUED' | 'COMMAND_CHANGED' | 'COMMAND_WISHED',
  command: { id: string; operationId: string; clusterId: string },
  summary: string,
  actor?: { name: string } | undefined,
): NewEvent => ({
  kind,
  operationId: command.operationId,
  commandId: command.id,
  clusterId: command.clusterId,
  actor: actor?.name,
  summary,
});

/** A command that has become another status. */
export interface Move {
  waveId: string;
  from: CommandStatus;
  to: CommandStatus;
}

/** Keeps the counters of waves right: to be called in the transaction that changed commands' statuses. */
export async function countMoves(tx: Transaction, moves: readonly Move[]): Promise<void> {
  const changes = new Map<string, CommandCounts>();
  for (const { waveId, from, to } of moves) {
    const counts = changes.get(waveId) ?? countsFrom({});
    changes.set(waveId, { ...counts, [from]: counts[from] - 1, [to]: counts[to] + 1 });
  }
  for (const waveId of [...changes.keys()].sort()) {
    const counts = Object.entries(changes.get(waveId)!).filter(([, by]) => by !== 0);
    if (counts.length === 0) continue;
    await tx.wave.update({
      where: { id: waveId },
      data: Object.fromEntries(counts.map(([status, by]) => [status.toLowerCase(), { increment: by }])),
    });
  }
}

/** As {@link countMoves} of one command, for `change` to do at last: of all its wave's clusters each wants the row. */
export const countMove = ({ waveId, from, to }: Move): Prisma.Sql => Prisma.sql`
  UPDATE wave SET ${Prisma.raw(`${column(from)} = ${column(from)} - 1, ${column(to)} = ${column(to)} + 1`)}
  WHERE id = ${waveId} RETURNING 1`;

const column = (status: CommandStatus): string => status.toLowerCase();

/** How many of a wave's current commands are in which status. */
export const countsOf = (wave: Record<Lowercase<CommandStatus>, number>): CommandCounts => {
  const statuses = Object.keys(countsFrom({})) as CommandStatus[];
  return countsFrom(
    Object.fromEntries(
      statuses.map((status) => [status, wave[status.toLowerCase() as Lowercase<CommandStatus>]]),
    ),
  );
};

/** Of several waves together. */
export const sumCounts = (all: readonly CommandCounts[]): CommandCounts => {
  const statuses = Object.keys(countsFrom({})) as CommandStatus[];
  return countsFrom(
    Object.fromEntries(
      statuses.map((status) => [status, all.reduce((sum, counts) => sum + counts[status], 0)]),
    ),
  );
};
