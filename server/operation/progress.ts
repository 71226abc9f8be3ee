import type { Deps } from '../deps.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import type { CommandStatus } from '../platform/generated/prisma/enums.ts';
import type { NewEvent, Transaction } from '../platform/event-log.ts';
import { OPEN_STEP, operationEnded, operationStatus } from './state.ts';

/**
 * Locks commands' rows until the transaction ends. Rows are locked in one order, so that nobody waits in a circle:
 * cluster, commands by id, operation, steps, and last the head of the log. NO KEY, because the log's foreign keys
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

/** Ends the steps of commands that will not begin them. */
export async function skipSteps(
  tx: Transaction,
  commandIds: string[],
  reason: string,
  now: Date,
): Promise<void> {
  await tx.step.updateMany({
    where: { commandId: { in: commandIds }, status: { in: [...OPEN_STEP] } },
    data: { status: 'SKIPPED', reason, finishedAt: now },
  });
}

export const commandEvent = (
  kind: 'COMMAND_CHANGED' | 'COMMAND_ABORT_REQUESTED',
  command: { id: string; operationId: string; clusterId: string },
  summary: string,
  actor?: { name: string },
): NewEvent => ({
  kind,
  operationId: command.operationId,
  commandId: command.id,
  clusterId: command.clusterId,
  actor: actor?.name,
  summary,
});

/** Derives the operation's status from its commands' once more and writes and tells it when it is another. */
export async function refreshOperation(
  deps: Deps,
  tx: Transaction,
  record: (...events: NewEvent[]) => void,
  id: string,
): Promise<OperationModel> {
  const now = deps.clock.now();
  const before = await tx.operation.findUniqueOrThrow({ where: { id } });
  const groups = await tx.command.groupBy({ by: ['status'], where: { operationId: id }, _count: true });
  const counts = Object.fromEntries(groups.map(({ status, _count }) => [status, _count]));
  const next = statusData(counts, before.abortRequestedAt !== null);
  if (next.status === before.status && next.statusReason === before.statusReason) return before;
  const ended = operationEnded(next.status);
  const after = await tx.operation.update({
    where: { id },
    data: {
      ...next,
      finishedAt: ended ? now : null,
      ...(next.status !== 'PENDING' && !before.startedAt && { startedAt: now }),
    },
  });
  if (next.status !== before.status) {
    record({
      kind: ended ? 'OPERATION_FINISHED' : 'OPERATION_CHANGED',
      operationId: id,
      summary: [`${before.status} → ${next.status}.`, next.statusReason].filter(Boolean).join(' '),
    });
  }
  return after;
}

/** What an operation’s row says of its status, by how many of its commands are in which. */
export function statusData(counts: Partial<Record<CommandStatus, number>>, abortRequested: boolean) {
  const { status, reason } = operationStatus(counts, abortRequested);
  return { status, statusReason: reason };
}
