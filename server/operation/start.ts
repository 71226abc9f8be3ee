import { createHash } from 'node:crypto';
import type { Deps } from '../deps.ts';
import { recordAudit } from '../access/audit/record.ts';
import { nameOf, type Caller, type Principal } from '../access/principal.ts';
import { demandRole, visibilityOf } from '../access/visibility.ts';
import { Prisma, type PrismaClient } from '../platform/generated/prisma/client.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import { conflict, invalid } from '../platform/errors.ts';
import { change, type NewEvent, type Transaction } from '../platform/event-log.ts';
import { auditTargets, loadInventory, type Targets } from './inventory.ts';
import { planOperation, type ClusterPlan, type Plan, type PlanRequest } from './plan.ts';
import { statusData } from './progress.ts';
import { demandRoleOverOperation } from './visible.ts';
import { KIND_WORDS } from './words.ts';

export interface OperationRequest extends PlanRequest {
  targets: Targets;
  /** Seconds after which a command that was not begun expires. */
  expiresInSeconds: number;
}

export interface StartRequest {
  operation: OperationRequest;
  planDigest: string | null;
  reason: string;
  idempotencyKey: string;
}

/** The dry run. */
export async function plan(deps: Deps, viewer: Principal, request: OperationRequest): Promise<Plan> {
  const inventory = await loadInventory(deps.prisma, visibilityOf(viewer), request.targets);
  return planOperation(planPart(request), inventory);
}

const planPart = ({ kind, mode, rolling }: OperationRequest): PlanRequest => ({ kind, mode, rolling });

/**
 * Plans and starts an operation: one command for each cluster, one step for each node.
 * The same key answers the operation that it started before.
 * @throws AppError CONFLICT for another request under a used key, or when the plan is not that of `planDigest` any
 *   more (`digest`: what it is now); INVALID when there is nothing to do; NOT_FOUND for a target that the actor does not
 *   see; FORBIDDEN where the actor may not operate one.
 */
export async function startOperation(
  deps: Deps,
  caller: Caller,
  request: StartRequest,
): Promise<OperationModel> {
  const requestHash = hashOf(request);
  const { principal } = caller;
  try {
    return await change(deps, async (tx, record) => {
      const earlier = await byKey(tx, principal, request.idempotencyKey, requestHash);
      if (earlier) return earlier;
      const inventory = await loadInventory(tx, visibilityOf(principal), request.operation.targets);
      await demandRole(
        tx,
        principal,
        'OPERATOR',
        inventory.map(({ id }) => id),
      );
      const planned = planOperation(planPart(request.operation), inventory);
      if (request.planDigest !== null && request.planDigest !== planned.digest) {
        throw conflict('The plan is another one by now: look at it again.', {
          field: 'input.planDigest',
          digest: planned.digest,
        });
      }
      if (planned.nodeCount === 0) throw invalid('input.plan.targets', planned.warnings.join(' '));
      const { kind, mode, rolling } = request.operation;
      const operation = await create(deps, tx, record, nameOf(principal), request, planned, requestHash);
      await recordAudit(tx, {
        ...caller,
        at: operation.createdAt,
        action: 'startOperation',
        reason: request.reason,
        targets: [{ type: 'Operation', id: operation.id, name: null }, ...auditTargets(inventory)],
        result: 'DONE',
        detail: { kind, mode, rolling: rolling && { ...rolling }, nodes: planned.nodeCount },
      });
      return operation;
    });
  } catch (error) {
    // Two requests with one key at once: the other one was first, so this one answers what that one made.
    if (!(error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')) throw error;
    const earlier = await byKey(deps.prisma, principal, request.idempotencyKey, requestHash);
    if (!earlier) throw error;
    return earlier;
  }
}

const hashOf = ({ operation, planDigest, reason }: StartRequest): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        operation.kind,
        operation.mode,
        operation.rolling,
        operation.expiresInSeconds,
        [...operation.targets.clusterIds].sort(),
        [...operation.targets.nodeIds].sort(),
        planDigest,
        reason,
      ]),
    )
    .digest('hex');

/** What the key has started before; who may not start the same is not told. */
async function byKey(
  prisma: Transaction | PrismaClient,
  actor: Principal,
  idempotencyKey: string,
  requestHash: string,
): Promise<OperationModel | null> {
  const earlier = await prisma.operation.findUnique({ where: { idempotencyKey } });
  if (!earlier) return null;
  if (earlier.requestHash !== requestHash) {
    throw conflict('This key has started another operation.', { field: 'input.idempotencyKey' });
  }
  await demandRoleOverOperation(prisma, actor, earlier.id);
  return earlier;
}

async function create(
  deps: Deps,
  tx: Transaction,
  record: (...events: NewEvent[]) => void,
  actor: string,
  { operation: { kind, mode, rolling, expiresInSeconds }, reason, idempotencyKey }: StartRequest,
  planned: Plan,
  requestHash: string,
): Promise<OperationModel> {
  const now = deps.clock.now();
  const rollingJson = rolling ? { ...rolling } : Prisma.DbNull;
  const targets = planned.clusters.filter(({ batches }) => batches.length > 0);
  const operation = await tx.operation.create({
    data: {
      kind,
      mode,
      rolling: rollingJson,
      reason,
      actor,
      idempotencyKey,
      requestHash,
      createdAt: now,
      ...statusData({ PENDING: targets.length }, false),
    },
  });
  record({
    kind: 'OPERATION_STARTED',
    operationId: operation.id,
    actor,
    summary: `${KIND_WORDS[kind]} (${mode.toLowerCase()}) of ${counted(planned.nodeCount, 'node')} in ${counted(targets.length, 'cluster')}. ${reason}`,
  });
  const commands = await tx.command.createManyAndReturn({
    data: targets.map(({ clusterId }) => ({
      operationId: operation.id,
      clusterId,
      kind,
      mode,
      rolling: rollingJson,
      status: 'PENDING' as const,
      issuedAt: now,
      expiresAt: new Date(now.getTime() + expiresInSeconds * 1000),
    })),
    select: { id: true, clusterId: true },
  });
  const commandOf = new Map(commands.map(({ id, clusterId }) => [clusterId, id]));
  await insertSteps(
    tx,
    targets.flatMap((target) => stepsOf(target, commandOf.get(target.clusterId)!)),
  );
  for (const { id, clusterId } of commands) {
    record({
      kind: 'COMMAND_ISSUED',
      operationId: operation.id,
      commandId: id,
      clusterId,
      actor,
      summary: `${KIND_WORDS[kind]} issued. ${reason}`,
    });
  }
  return operation;
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

interface NewStep {
  commandId: string;
  nodeId: string;
  nodeName: string;
  batch: number;
  position: number;
}

const stepsOf = ({ batches }: ClusterPlan, commandId: string): NewStep[] =>
  batches
    .flatMap((nodes, batch) => nodes.map((node) => ({ node, batch })))
    .map(({ node, batch }, position) => ({
      commandId,
      nodeId: node.id,
      nodeName: node.name,
      batch,
      position,
    }));

/** In one statement: there is a step for each node of the system when all of it is the target. */
const insertSteps = (tx: Transaction, steps: readonly NewStep[]): Promise<number> =>
  tx.$executeRaw`
    INSERT INTO step (id, command_id, node_id, node_name, batch, position, status, output)
    SELECT gen_random_uuid()::text, s."commandId", s."nodeId", s."nodeName", s.batch, s.position, 'PENDING', '{}'
    FROM jsonb_to_recordset(${JSON.stringify(steps)}::jsonb) AS s("commandId" text, "nodeId" text, "nodeName" text,
      batch int, position int)`;
