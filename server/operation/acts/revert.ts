import type { Deps } from '../../deps.ts';
import type { Caller, Principal } from '../../access/principal.ts';
import { visibilityOf } from '../../access/visibility.ts';
import { AppError, conflict, notFound } from '../../platform/errors.ts';
import { change } from '../../platform/event-log.ts';
import type { OperationModel } from '../../platform/generated/prisma/models.ts';
import { INVERSE, notRevertible } from '../inverse.ts';
import type { Plan } from '../plan.ts';
import { lockOperation } from '../progress.ts';
import type { OperationRequest } from '../request.ts';
import { plan, startOperation } from '../start.ts';
import type { RolloutStrategy } from '../strategy.ts';
import type { ActorDeps } from '../turn.ts';

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
    startsOn: null,
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
  return requestOf(operation);
}

/**
 * Starts the inverse of an operation that its failure budget has stopped: by the OC, on behalf of who started it. Whoever
 * dies in between, there is one: that it is to be started ends in the transaction that starts it, under a key of its own.
 */
export async function revertStopped(
  deps: ActorDeps & Pick<Deps, 'logger'>,
  operationId: string,
): Promise<void> {
  const stopped = await deps.prisma.operation.findUnique({ where: { id: operationId } });
  if (!stopped?.revertReason) return;
  const principal = {
    kind: 'system' as const,
    name: `Operations Center for ${stopped.actor}`,
    behalfOf: stopped.keyMadeBy ?? stopped.startedBy,
  };
  try {
    await startOperation(
      deps,
      { principal, from: '' },
      {
        // It has only just ended: what its nodes are now may not have been reported.
        operation: { ...requestOf(stopped), anyState: true },
        planDigest: null,
        startsAt: null,
        startsOn: null,
        overrideReason: null,
        reason: `“${stopped.reason}” is taken back. ${stopped.revertReason}`,
        idempotencyKey: `revert ${operationId}`,
        revertsId: operationId,
      },
    );
  } catch (error) {
    if (!(error instanceof AppError && error.extensions.code === 'INVALID')) throw error;
    await change(deps, async (tx, record) => {
      if (!(await lockOperation(tx, operationId))?.revertReason) return;
      await tx.operation.update({ where: { id: operationId }, data: { revertReason: null } });
      record({ kind: 'OPERATION_CHANGED', operationId, summary: 'There is nothing to take back.' });
    });
  }
}

function requestOf(operation: OperationModel): OperationRequest {
  const { id: operationId } = operation;
  const rollout = operation.rollout as unknown as RolloutStrategy;
  return {
    kind: INVERSE[operation.kind]!,
    mode: 'GRACEFUL',
    // What takes back is not taken back itself: then nobody would know where it ends.
    rollout: { ...rollout, onExceeded: rollout.onExceeded === 'REVERT' ? 'PAUSE' : rollout.onExceeded },
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
