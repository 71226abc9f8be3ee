import { createHash, randomUUID } from 'node:crypto';
import type { Deps } from '../deps.ts';
import type { Json } from '../access/audit/chain.ts';
import { recordAudit } from '../access/audit/record.ts';
import { loginNameOf } from '../access/person.ts';
import { idOf, idOfPerson, nameOf, type Caller, type Principal } from '../access/principal.ts';
import { demandRole, visibilityOf } from '../access/visibility.ts';
import { Prisma, type PrismaClient } from '../platform/generated/prisma/client.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import { conflict, invalid } from '../platform/errors.ts';
import { change, type NewEvent, type Transaction } from '../platform/event-log.ts';
import { loadApprovalRules } from './approval/rules.ts';
import { auditTargets, loadInventory, type Targets } from './inventory.ts';
import { differences } from './digest.ts';
import { planOperation, type Plan } from './plan.ts';
import { withSavedStrategy, type StrategyRequest } from './saved/strategies.ts';
import type { RollingLimits } from './strategy.ts';
import { takeTurnNow } from './turn.ts';
import { demandRoleOverOperation } from './visible.ts';
import { KIND_WORDS } from './words.ts';

export interface OperationRequest extends StrategyRequest {
  targets: Targets;
  /** Seconds after its issue in which a command must have begun, or it expires; null: it runs however late. */
  expiresInSeconds: number | null;
}

export interface StartRequest {
  operation: OperationRequest;
  planDigest: string | null;
  /** Null: at once. */
  startsAt: Date | null;
  /** Why freezes and maintenance windows are not heeded; null: they are. */
  overrideReason: string | null;
  reason: string;
  idempotencyKey: string;
  /** The operation that this one takes back. */
  revertsId?: string;
}

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
 *   that is past or more than a year ahead; NOT_FOUND for a target that the actor does not see; FORBIDDEN where the actor
 *   may not operate one, or with `overrideReason` is no administrator of it.
 */
export async function startOperation(
  deps: Deps,
  caller: Caller,
  request: StartRequest,
): Promise<OperationModel> {
  const { id } = await plannedOnce(deps, caller, request);
  return takeTurnNow(deps, id);
}

async function plannedOnce(deps: Deps, caller: Caller, request: StartRequest): Promise<{ id: string }> {
  const requestHash = hashOf(request);
  const { principal } = caller;
  try {
    return await change(deps, async (tx, record) => {
      const earlier = await byKey(tx, principal, request.idempotencyKey, requestHash);
      if (earlier) return earlier;
      mustBeAhead(request.startsAt, deps.clock.now());
      const inventory = await loadInventory(tx, visibilityOf(principal), request.operation.targets);
      await demandRole(
        tx,
        principal,
        request.overrideReason === null ? 'OPERATOR' : 'ADMINISTRATOR',
        inventory.map(({ id }) => id),
      );
      const expanded = await withSavedStrategy(tx, request.operation);
      const planned = planOperation(expanded, inventory, await loadApprovalRules(tx));
      if (request.planDigest !== null && request.planDigest !== planned.digest) {
        throw conflict('The plan is another one by now: look at it again.', {
          field: 'input.planDigest',
          digest: planned.digest,
          differences: differences(request.planDigest, planned),
        });
      }
      if (planned.nodeCount === 0) throw invalid(request.operation.targets.path, planned.warnings.join(' '));
      const { kind, mode, rollout, rolling } = expanded;
      const whole = { ...request, operation: expanded };
      const operation = await create(deps, tx, record, principal, whole, planned, requestHash);
      await recordAudit(tx, {
        ...caller,
        at: operation.createdAt,
        action: 'startOperation',
        reason: request.reason,
        targets: [{ type: 'Operation', id: operation.id, name: null }, ...auditTargets(inventory)],
        result: 'DONE',
        detail: {
          kind,
          mode,
          rollout: json(rollout) as Json,
          rolling: json(rolling) as Json,
          nodes: planned.nodeCount,
          approvals: planned.approvalsNeeded,
          startsAt: request.startsAt?.toISOString() ?? null,
          override: request.overrideReason,
        },
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

const YEAR_MS = 365 * 86_400_000;

/** @throws AppError INVALID for a start in the past, or in more than a year. */
function mustBeAhead(startsAt: Date | null, now: Date): void {
  if (!startsAt) return;
  if (startsAt <= now) throw invalid('input.startsAt', 'is past: leave it out to begin at once');
  if (startsAt.getTime() > now.getTime() + YEAR_MS)
    throw invalid('input.startsAt', 'is more than a year ahead');
}

const hashOf = ({
  operation,
  planDigest,
  startsAt,
  overrideReason,
  reason,
  revertsId,
}: StartRequest): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        operation.kind,
        operation.mode,
        operation.rollout,
        operation.rolling,
        operation.expiresInSeconds,
        [...operation.targets.clusterIds].sort(),
        [...operation.targets.nodeIds].sort(),
        operation.targets.clusters,
        operation.targets.selection,
        operation.savedStrategy,
        planDigest,
        startsAt,
        overrideReason,
        reason,
        revertsId,
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
  const earlier = await prisma.operation.findUnique({
    where: { startedBy_idempotencyKey: { startedBy: idOf(actor), idempotencyKey } },
  });
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
  principal: Principal,
  {
    operation: { kind, mode, rollout, rolling, expiresInSeconds },
    startsAt,
    overrideReason,
    reason,
    idempotencyKey,
    revertsId,
  }: StartRequest,
  planned: Plan,
  requestHash: string,
): Promise<OperationModel> {
  const now = deps.clock.now();
  const actor = nameOf(principal);
  const keyMadeBy = await makerOf(tx, principal);
  const operation = await tx.operation.create({
    data: {
      kind,
      mode,
      status: 'PENDING',
      rollout: json(rollout)!,
      rolling: json(rolling) ?? Prisma.DbNull,
      expiresInSeconds,
      startsAt,
      overrideReason,
      reason,
      actor,
      startedBy: idOf(principal),
      keyMadeBy,
      approvalsNeeded: planned.approvalsNeeded,
      idempotencyKey,
      requestHash,
      revertsId: revertsId ?? null,
      createdAt: now,
    },
  });
  const waves = await tx.wave.createManyAndReturn({
    data: planned.waves.map(({ clusterIds, ...wave }) => ({
      ...wave,
      operationId: operation.id,
      status: 'PENDING' as const,
      planned: clusterIds.length,
    })),
    select: { id: true, index: true },
  });
  const waveOf = new Map(waves.map(({ id, index }) => [index, id]));
  const targets = planned.clusters.flatMap((cluster) =>
    cluster.wave === null ? [] : [{ ...cluster, waveId: waveOf.get(cluster.wave)! }],
  );
  await insertCommands(
    tx,
    operation.id,
    planned,
    targets.map(({ clusterId, waveId, limits, batches }, position) => ({
      clusterId,
      waveId,
      position,
      limits,
      steps: batches
        .flatMap((nodes, batch) => nodes.map((node) => ({ node, batch })))
        .map(({ node, batch }, place) => ({
          nodeId: node.id,
          nodeName: node.name,
          batch,
          position: place,
        })),
    })),
  );
  const inWaves = waves.length > 1 ? ` in ${waves.length} waves` : '';
  const later = startsAt ? ` It is to begin at ${startsAt.toISOString()}.` : '';
  const override = overrideReason ? ` Freezes and maintenance windows are not heeded: ${overrideReason}` : '';
  record({
    kind: 'OPERATION_STARTED',
    operationId: operation.id,
    actor,
    summary: `${KIND_WORDS[kind]} (${mode.toLowerCase()}) of ${counted(planned.nodeCount, 'node')} in ${counted(targets.length, 'cluster')}${inWaves}. ${reason}${later}${override}`,
  });
  return operation;
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** Who made the API key by which it was started, as {@link idOf} says it; null: it was started otherwise. */
async function makerOf(tx: Transaction, principal: Principal): Promise<string | null> {
  if (principal.kind !== 'key') return null;
  const { createdBy } = await tx.apiKey.findUniqueOrThrow({ where: { id: principal.keyId } });
  const maker = await tx.person.findUnique({ where: { loginName: loginNameOf(createdBy) } });
  return maker && idOfPerson(maker.id);
}

/** What the database keeps as JSON. */
const json = <T extends object>(value: T | null) =>
  value && (structuredClone(value) as Prisma.InputJsonObject);

interface NewCommand {
  clusterId: string;
  waveId: string;
  position: number;
  limits: RollingLimits | null;
  steps: { nodeId: string; nodeName: string; batch: number; position: number }[];
}

/** In two statements: there is a step for each node of the system when all of it is the target. */
async function insertCommands(
  tx: Transaction,
  operationId: string,
  { kind, mode }: Plan,
  commands: readonly NewCommand[],
): Promise<void> {
  const rows = commands.map((command) => ({ id: randomUUID(), ...command }));
  const heads = rows.map(({ steps: _, ...head }) => head);
  const steps = rows.flatMap(({ id, steps }) => steps.map((step) => ({ commandId: id, ...step })));
  await tx.$executeRaw`
    INSERT INTO command (id, operation_id, cluster_id, wave_id, position, kind, mode, rolling, status)
    SELECT c.id, ${operationId}, c."clusterId", c."waveId", c.position, ${kind}::"OperationKind",
      ${mode}::"OperationMode", c.limits, 'PLANNED'
    FROM jsonb_to_recordset(${JSON.stringify(heads)}::jsonb) AS c(id text, "clusterId" text, "waveId" text,
      position int, limits jsonb)`;
  await tx.$executeRaw`
    INSERT INTO step (id, command_id, node_id, node_name, batch, position, status, output)
    SELECT gen_random_uuid()::text, s."commandId", s."nodeId", s."nodeName", s.batch, s.position, 'PENDING', '{}'
    FROM jsonb_to_recordset(${JSON.stringify(steps)}::jsonb) AS s("commandId" text, "nodeId" text, "nodeName" text,
      batch int, position int)`;
}
