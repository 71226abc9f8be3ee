import type { Deps } from '../deps.ts';
import { recordAudit } from '../access/audit/record.ts';
import { nameOf, type Caller } from '../access/principal.ts';
import { visibilityOf } from '../access/visibility.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import { conflict, notFound } from '../platform/errors.ts';
import { change } from '../platform/event-log.ts';
import { commandEvent, lockCommands, lockOperation, refreshOperation, skipSteps } from './progress.ts';
import { operationEnded } from './state.ts';
import { demandRoleOverOperation } from './visible.ts';

/**
 * Nothing new begins any more. Commands that no manager has seen end at once; the others end when their manager has
 * finished the batch under way and says so.
 * @throws AppError NOT_FOUND; FORBIDDEN unless the actor may operate all of its clusters; CONFLICT when the operation has
 *   ended.
 */
export async function abortOperation(
  deps: Deps,
  caller: Caller,
  id: string,
  reason: string | null,
): Promise<OperationModel> {
  const now = deps.clock.now();
  const actor = { name: nameOf(caller.principal) };
  return change(deps, async (tx, record) => {
    const seen = await tx.operation.findUnique({
      where: { id, ...visibilityOf(caller.principal).operations },
    });
    if (!seen) throw notFound('operation', id, 'id');
    await demandRoleOverOperation(tx, caller.principal, id);
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
    const aborted = await refreshOperation(deps, tx, record, id);
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'abortOperation',
      reason,
      targets: [{ type: 'Operation', id, name: operation.reason }],
      result: 'DONE',
    });
    return aborted;
  });
}
