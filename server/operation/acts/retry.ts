import type { Deps } from '../../deps.ts';
import type { Caller } from '../../access/principal.ts';
import { conflict } from '../../platform/errors.ts';
import type { OperationModel } from '../../platform/generated/prisma/models.ts';
import type { Transaction } from '../../platform/event-log.ts';
import { replaceCommands, TO_DO } from '../attempts.ts';
import { commandEvent, countMoves } from '../progress.ts';
import { actOn, type ActRequest } from './scope.ts';

const RETRIED = ['FAILED', 'REFUSED', 'EXPIRED', 'ABORTED'] as const;

/**
 * Does once more what did not succeed: each command in the scope that has ended so is replaced by another attempt with
 * the nodes that did not succeed and were not left out on purpose. An operation that has ended goes on by it; what it was told to end with is forgotten.
 * @throws AppError as {@link actOn}, but not for an operation that has ended; CONFLICT when nothing of it has failed.
 */
export const retryOperation = (deps: Deps, caller: Caller, request: ActRequest): Promise<OperationModel> =>
  actOn(
    deps,
    caller,
    'retryOperation',
    request,
    async (tx, { operation, scope, where, named, actor }) => {
      const failed = await tx.command.findMany({
        where: {
          AND: [where],
          status: { in: [...RETRIED] },
          steps: {
            some: scope.nodeId === null ? TO_DO : { status: TO_DO.status, nodeId: scope.nodeId },
          },
        },
      });
      if (failed.length === 0) throw conflict('Nothing of it has failed.');
      const attempts = await replaceCommands(tx, failed, scope.nodeId);
      await countMoves(
        tx,
        failed.map(({ waveId, status }) => ({ waveId, from: status, to: 'PLANNED' })),
      );
      await reopen(tx, operation.id, [...new Set(failed.map(({ waveId }) => waveId))]);
      const what = named === null ? 'What failed is tried again' : `${named} is tried again`;
      return [
        {
          kind: 'OPERATION_CHANGED',
          operationId: operation.id,
          actor: actor.name,
          summary: [
            `${what}: ${failed.length === 1 ? '1 command' : `${failed.length} commands`}.`,
            request.reason,
          ]
            .filter(Boolean)
            .join(' '),
        },
        ...attempts.map(({ id, before }) =>
          commandEvent('COMMAND_CHANGED', { ...before, id }, `Attempt ${before.attempt + 1}.`, actor),
        ),
      ];
    },
    { afterEnd: true },
  );

/** Waves that had ended have their turn once more; an operation that had ended goes on. */
async function reopen(tx: Transaction, operationId: string, waveIds: string[]): Promise<void> {
  await tx.wave.updateMany({
    where: { id: { in: waveIds }, status: { in: ['SUCCEEDED', 'FAILED', 'ABORTED'] } },
    data: { status: 'PENDING', statusReason: null, finishedAt: null, soakUntil: null },
  });
  await tx.wave.updateMany({
    where: { id: { in: waveIds }, status: 'SOAKING' },
    data: { status: 'RUNNING', soakUntil: null },
  });
  await tx.operation.update({
    where: { id: operationId },
    data: { abortRequestedAt: null, revertReason: null, status: 'RUNNING', finishedAt: null },
  });
}
