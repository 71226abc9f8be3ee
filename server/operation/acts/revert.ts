import type { Deps } from '../../deps.ts';
import type { Caller, Principal } from '../../access/principal.ts';
import { visibilityOf } from '../../access/visibility.ts';
import { conflict, notFound } from '../../platform/errors.ts';
import type { OperationKind } from '../../platform/generated/prisma/enums.ts';
import type { OperationModel } from '../../platform/generated/prisma/models.ts';
import type { Plan } from '../plan.ts';
import type { OperationRequest } from '../request.ts';
import { plan, startOperation } from '../start.ts';
import { operationEnded } from '../state.ts';
import type { RolloutStrategy } from '../strategy.ts';
import { KIND_WORDS } from '../words.ts';

/** What takes back what an operation did; a restart leaves nothing behind that could be taken back. */
const INVERSE: Partial<Record<OperationKind, OperationKind>> = { SHUTDOWN: 'START', START: 'SHUTDOWN' };

/** Why an operation cannot be taken back; null: it can. */
export function notRevertible({ kind, status }: Pick<OperationModel, 'kind' | 'status'>): string | null {
  if (!INVERSE[kind]) return `What ${KIND_WORDS[kind].toLowerCase()} does cannot be taken back.`;
  return operationEnded(status) ? null : 'It has not ended: abort it first.';
}

/**
 * The dry run of {@link revertOperation}.
 * @throws AppError NOT_FOUND; CONFLICT for what cannot be taken back
 */
export async function planRevert(deps: Deps, viewer: Principal, operationId: string): Promise<Plan> {
  return plan(deps, viewer, await inverseOf(deps, viewer, operationId));
}

export interface RevertRequest {
  operationId: string;
  planDigest: string | null;
  reason: string;
  idempotencyKey: string;
}

/**
 * Starts the inverse operation on the nodes with which the operation succeeded, with the same strategy.
 * @throws AppError as {@link planRevert} and {@link startOperation}
 */
export async function revertOperation(
  deps: Deps,
  caller: Caller,
  { operationId, ...request }: RevertRequest,
): Promise<OperationModel> {
  const operation = await inverseOf(deps, caller.principal, operationId);
  return startOperation(deps, caller, {
    ...request,
    operation,
    startsAt: null,
    overrideReason: null,
    revertsId: operationId,
  });
}

async function inverseOf(deps: Deps, viewer: Principal, operationId: string): Promise<OperationRequest> {
  const operation = await deps.prisma.operation.findUnique({
    where: { id: operationId, ...visibilityOf(viewer).operations },
  });
  if (!operation) throw notFound('operation', operationId, 'input.operationId');
  const why = notRevertible(operation);
  if (why) throw conflict(why, { field: 'input.operationId' });
  return {
    kind: INVERSE[operation.kind]!,
    mode: 'GRACEFUL',
    rollout: operation.rollout as unknown as RolloutStrategy,
    rolling: null,
    targets: {
      clusterIds: [],
      nodeIds: [],
      nodes: { steps: { some: { status: 'SUCCEEDED', command: { operationId } } } },
      path: 'input.operationId',
    },
    lateness: operation.lateness,
    expiresInSeconds: operation.expiresInSeconds,
  };
}
