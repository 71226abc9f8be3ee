import type { Deps } from '../../deps.ts';
import type { Caller } from '../../access/principal.ts';
import { conflict, invalid } from '../../platform/errors.ts';
import type { OperationModel } from '../../platform/generated/prisma/models.ts';
import { endUndelivered, tellActive } from '../wishes.ts';
import { actOn, type ActRequest } from './scope.ts';

/**
 * Leaves a wave, a cluster or a node out, as far as it was not begun: commands that no manager has end as SKIPPED; of the
 * others the managers leave out the steps that they have not begun.
 * @throws AppError as {@link actOn}; INVALID for the whole operation: that is what aborting is for; CONFLICT when all of
 *   it was begun.
 */
export function skipOperation(deps: Deps, caller: Caller, request: ActRequest): Promise<OperationModel> {
  const { scope, reason } = request;
  if (scope.wave === null && scope.clusterId === null && scope.nodeId === null)
    throw invalid('input.scope', 'is empty: to leave all of it out, abort it');
  return actOn(
    deps,
    caller,
    'skipOperation',
    request,
    async (tx, { operation, where, named, actor, now }) => {
      const why = [`Skipped by ${actor.name}.`, reason].filter(Boolean).join(' ');
      const summary = [`Skipped: ${named}.`, reason].filter(Boolean).join(' ');
      const ended = scope.nodeId === null ? await endUndelivered(tx, where, 'SKIPPED', why, now, actor) : [];
      const steps = {
        command: where,
        status: { in: ['PENDING' as const, 'WAITING' as const] },
        ...(scope.nodeId !== null && { nodeId: scope.nodeId }),
      };
      const open = await tx.step.count({ where: steps });
      if (open + ended.length === 0) throw conflict(`All of ${named} was begun already.`);
      const { count } = await tx.step.updateMany({
        where: { ...steps, skipRequested: false },
        data: { skipRequested: true },
      });
      if (count + ended.length === 0) return [];
      return [
        { kind: 'OPERATION_CHANGED', operationId: operation.id, actor: actor.name, summary },
        ...ended,
        ...(await tellActive(tx, where, summary, actor)),
      ];
    },
  );
}
