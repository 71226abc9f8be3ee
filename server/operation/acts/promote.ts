import type { Deps } from '../../deps.ts';
import type { Caller } from '../../access/principal.ts';
import { conflict, invalid } from '../../platform/errors.ts';
import type { OperationModel } from '../../platform/generated/prisma/models.ts';
import { actOn, type ActRequest } from './scope.ts';

/**
 * Opens the manual gate of a wave, also ahead of its turn.
 * @throws AppError as {@link actOn}; INVALID without a wave; CONFLICT for a wave that has no gate.
 */
export function promoteOperation(deps: Deps, caller: Caller, request: ActRequest): Promise<OperationModel> {
  if (request.scope.wave === null) throw invalid('input.scope.wave', 'is missing: say which wave');
  return actOn(
    deps,
    caller,
    'promoteOperation',
    request,
    async (tx, { operation, wave, named, actor, now }) => {
      if (!wave!.manualGate) throw conflict(`${named} has no manual gate.`);
      if (wave!.promotedAt) return [];
      await tx.wave.update({
        where: { id: wave!.id },
        data: { promotedAt: now, promotedBy: actor.name },
      });
      const summary = [`${named} promoted.`, request.reason].filter(Boolean).join(' ');
      return [{ kind: 'WAVE_CHANGED', operationId: operation.id, actor: actor.name, summary }];
    },
  );
}
