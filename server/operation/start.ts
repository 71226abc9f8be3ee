import type { Json } from '../access/audit/chain.ts';
import { recordAudit } from '../access/audit/record.ts';
import type { Caller, Principal } from '../access/principal.ts';
import { demandRole, visibilityOf } from '../access/visibility.ts';
import type { Deps } from '../deps.ts';
import { conflict, invalid } from '../platform/errors.ts';
import { change, type Transaction } from '../platform/event-log.ts';
import { Prisma } from '../platform/generated/prisma/client.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import { loadApprovalRules } from './approval/rules.ts';
import { createOperation } from './create.ts';
import { differences } from './digest.ts';
import { operationByKey, requestHash } from './idempotency.ts';
import { auditTargets, loadInventory } from './inventory.ts';
import { planOperation, type Plan } from './plan.ts';
import { beginningOf, type OperationRequest, type StartRequest } from './request.ts';
import { withSavedStrategy } from './saved/strategies.ts';
import { estimateOf } from './timings.ts';
import { takeTurnNow, type ActorDeps } from './turn.ts';

/** The dry run. */
export async function plan(deps: Deps, viewer: Principal, request: OperationRequest): Promise<Plan> {
  const inventory = await loadInventory(deps.prisma, visibilityOf(viewer), request.targets);
  const expanded = await withSavedStrategy(deps.prisma, request);
  return planOperation(expanded, inventory, await loadApprovalRules(deps.prisma));
}

/**
 * Plans and starts an operation: its waves, one command for each cluster, one step for each node.
 * The same key answers the operation that it started before.
 * @throws AppError CONFLICT for another request under a used key, or when the plan is not that of `planDigest` any
 *   more (`digest`: what it is now, `differences`: sentences); INVALID when there is nothing to do, and for a `startsAt`
 *   that is past or more than a year ahead, or a `startsOn` that is no schedule; NOT_FOUND for a target that the actor
 *   does not see; FORBIDDEN where the actor may not operate one, or with `overrideReason` is no administrator of it.
 */
export async function startOperation(
  deps: ActorDeps & Pick<Deps, 'logger'>,
  caller: Caller,
  request: StartRequest,
): Promise<OperationModel> {
  const { id } = await plannedOnce(deps, caller, request);
  return takeTurnNow(deps, id);
}

/** The operation of this key: a new one, or that which it has started before. */
async function plannedOnce(deps: ActorDeps, caller: Caller, request: StartRequest): Promise<{ id: string }> {
  const hash = requestHash(request);
  const { principal } = caller;
  try {
    return await change(deps, async (tx, record) => {
      const earlier = await operationByKey(tx, principal, request.idempotencyKey, hash);
      if (earlier) return earlier;
      const now = deps.clock.now();
      const startsAt = beginningOf(request, now);
      const { inventory, planned } = await planAsAgreed(tx, principal, request);
      const estimate = await estimateOf(tx, planned);
      const operation = await createOperation(tx, record, {
        ...{ principal, request, hash, planned, startsAt, estimate, now },
      });
      await recordAudit(tx, {
        ...caller,
        at: now,
        action: request.revertsId ? 'revertOperation' : 'startOperation',
        reason: request.reason,
        targets: [
          ...[operation.id, ...(request.revertsId ? [request.revertsId] : [])].map(asTarget),
          ...auditTargets(inventory),
        ],
        result: 'DONE',
        detail: auditDetail(operation, planned.nodeCount),
      });
      return operation;
    });
  } catch (error) {
    // Two requests with one key at once: the other one was first, so this one answers what that one made.
    if (!(error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')) throw error;
    const earlier = await operationByKey(deps.prisma, principal, request.idempotencyKey, hash);
    if (!earlier) throw error;
    return earlier;
  }
}

const asTarget = (id: string) => ({ type: 'Operation', id, name: null });

/** The plan for who may carry it out: the one that was looked at, if one was. */
async function planAsAgreed(tx: Transaction, principal: Principal, request: StartRequest) {
  const { operation, planDigest, overrideReason } = request;
  const inventory = await loadInventory(tx, visibilityOf(principal), operation.targets);
  const role = overrideReason === null ? 'OPERATOR' : 'ADMINISTRATOR';
  await demandRole(
    tx,
    principal,
    role,
    inventory.map(({ id }) => id),
  );
  const expanded = await withSavedStrategy(tx, operation);
  const planned = planOperation(expanded, inventory, await loadApprovalRules(tx));
  if (planDigest !== null && planDigest !== planned.digest) {
    throw conflict('The plan is another one by now: look at it again.', {
      field: 'input.planDigest',
      digest: planned.digest,
      differences: differences(planDigest, planned),
    });
  }
  if (planned.nodeCount === 0) throw invalid(operation.targets.path, planned.warnings.join(' '));
  return { inventory, planned };
}

/** What the audit log says of it. */
const auditDetail = (operation: OperationModel, nodes: number): Json => ({
  kind: operation.kind,
  mode: operation.mode,
  rollout: operation.rollout as Json,
  rolling: operation.rolling as Json,
  nodes,
  approvals: operation.approvalsNeeded,
  startsAt: operation.startsAt?.toISOString() ?? null,
  override: operation.overrideReason,
});
