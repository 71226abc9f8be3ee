import type { Deps } from '../deps.ts';
import type { Principal } from '../access/principal.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import { conflict, notFound } from '../platform/errors.ts';
import { change } from '../platform/event-log.ts';
import { commandEvent, lockCommands, lockOperation, refreshOperation, skipSteps } from './progress.ts';
import { operationEnded } from './state.ts';

/**
 * Nothing new begins any more. Commands that no manager has seen end at once; the others end when their manager has
 * finished the batch under way and says so.
 * @throws AppError NOT_FOUND; CONFLICT when the operation has ended.
 */
export async function abortOperation(
  deps: Deps,
  actor: Principal,
  id: string,
  reason: string | null,
): Promise<OperationModel> {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    await lockCommands(tx, { operationId: id });
    const operation = await lockOperation(tx, id);
    if (!operation) throw notFound('operation', id, 'id');
    if (operationEnded(operation.status)) throw conflict(`The operation has ended: ${operation.status}.`);
    if (operation.abortRequestedAt) return operation;
    await tx.operation.update({ where: { id }, data: { abortRequestedAt: now } });
    record({
      kind: 'OPERATION_CHANGED',
      operationId: id,
      actor: actor.name,
      summary: reason ? `Abort requested. ${reason}` : 'Abort requested.',
    });
    const ended = await tx.command.updateManyAndReturn({
      where: { operationId: id, status: 'PENDING', deliveredAt: null },
      data: {
        status: 'ABORTED',
        statusReason: 'Aborted before it reached its manager.',
        finishedAt: now,
        abortRequested: true,
      },
    });
    await skipSteps(
      tx,
      ended.map((command) => command.id),
      'The operation was aborted.',
      now,
    );
    const told = await tx.command.updateManyAndReturn({
      where: { operationId: id, status: { in: ['PENDING', 'ACCEPTED', 'RUNNING'] } },
      data: { abortRequested: true },
    });
    record(
      ...ended.map((command) =>
        commandEvent('COMMAND_CHANGED', command, 'ABORTED before it reached its manager.', actor),
      ),
      ...told.map((command) => commandEvent('COMMAND_ABORT_REQUESTED', command, 'Abort requested.', actor)),
    );
    return refreshOperation(deps, tx, record, id);
  });
}
