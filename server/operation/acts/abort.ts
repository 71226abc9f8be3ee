import type { Deps } from '../../deps.ts';
import type { Caller } from '../../access/principal.ts';
import { invalid } from '../../platform/errors.ts';
import type { OperationModel } from '../../platform/generated/prisma/models.ts';
import { ACTIVE_COMMAND } from '../state.ts';
import { abortCommands, LOST_COMMAND } from '../wishes.ts';
import { actOn, type ActRequest } from './scope.ts';

/**
 * Ends an operation, a wave of it or one cluster's part. What no manager has yet ends at once; managers finish the
 * batch under way and say so, or with `atOnce` leave it as it is.
 * @throws AppError as {@link actOn}; INVALID for a node: that is what skipping is for.
 */
export function abortOperation(
  deps: Deps,
  caller: Caller,
  request: ActRequest & { atOnce: boolean },
): Promise<OperationModel> {
  const { atOnce, scope, reason } = request;
  if (scope.nodeId !== null) throw invalid('input.scope.nodeId', 'a node is not aborted: skip it');
  return actOn(
    deps,
    caller,
    'abortOperation',
    request,
    async (tx, { operation, where, named, actor, now }) => {
      const whole = named === null;
      const wished = {
        OR: [atOnce ? { abortAtOnce: false } : { abortRequested: false }, { takenBack: true }],
      };
      const open = await tx.command.count({
        where: {
          AND: [where],
          OR: [
            { status: 'PLANNED' },
            { status: { in: [...ACTIVE_COMMAND] }, ...wished },
            // A manager that was told so and is not heard since can still be given up on.
            ...(atOnce ? [LOST_COMMAND] : []),
          ],
        },
      });
      if (open === 0 && (!whole || operation.abortRequestedAt)) return [];
      if (whole && !operation.abortRequestedAt)
        await tx.operation.update({ where: { id: operation.id }, data: { abortRequestedAt: now } });
      const how = atOnce ? 'Abort at once requested' : 'Abort requested';
      const why = [whole ? 'The operation was aborted.' : `${named} was aborted.`, reason]
        .filter(Boolean)
        .join(' ');
      return [
        {
          kind: 'OPERATION_CHANGED',
          operationId: operation.id,
          actor: actor.name,
          summary: [whole ? `${how}.` : `${how} of ${named}.`, reason].filter(Boolean).join(' '),
        },
        ...(await abortCommands(tx, where, { why, atOnce, now, actor })),
      ];
    },
  );
}
