import { randomUUID } from 'node:crypto';
import { loginNameOf } from '../access/person.ts';
import { idOf, idOfPerson, nameOf, type Principal } from '../access/principal.ts';
import type { NewEvent, Transaction } from '../platform/event-log.ts';
import { Prisma } from '../platform/generated/prisma/client.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import type { Estimate } from './estimate.ts';
import type { Plan } from './plan.ts';
import type { StartRequest } from './request.ts';
import type { RollingLimits } from './strategy.ts';
import { KIND_WORDS } from './words.ts';

/** What is to become an operation. */
interface NewOperation {
  principal: Principal;
  request: StartRequest;
  /** Of the request, to know it again: see idempotency.ts. */
  hash: string;
  planned: Plan;
  /** Nothing of it begins before; null: it begins at once. */
  startsAt: Date | null;
  /** How long it should take; null: not known. */
  estimate: Estimate | null;
  now: Date;
}

/** Writes an operation as it was planned, with its waves, commands and steps, and the event that tells of it. */
export async function createOperation(
  tx: Transaction,
  record: (...events: NewEvent[]) => void,
  { principal, request, hash, planned, startsAt, estimate, now }: NewOperation,
): Promise<OperationModel> {
  const { kind, mode, rollout, rolling, approvalsNeeded } = planned;
  const { operation: asked, overrideReason, reason, idempotencyKey, revertsId } = request;
  const operation = await tx.operation.create({
    data: {
      kind,
      mode,
      status: 'PENDING',
      rollout: json(rollout),
      rolling: rolling ? json(rolling) : Prisma.DbNull,
      estimate: estimate ? json(estimate) : Prisma.DbNull,
      lateness: asked.lateness,
      expiresInSeconds: asked.expiresInSeconds,
      startsAt,
      overrideReason,
      reason,
      actor: nameOf(principal),
      startedBy: idOf(principal),
      keyMadeBy: await makerOf(tx, principal),
      approvalsNeeded,
      idempotencyKey,
      requestHash: hash,
      revertsId: revertsId ?? null,
      createdAt: now,
    },
  });
  if (revertsId) await tellReverted(tx, record, revertsId, operation);
  const waves = await tx.wave.createManyAndReturn({
    data: planned.waves.map(({ clusterIds, ...wave }) => ({
      ...wave,
      operationId: operation.id,
      status: 'PENDING' as const,
      planned: clusterIds.length,
    })),
    select: { id: true, index: true },
  });
  const commands = commandsOf(planned, new Map(waves.map(({ id, index }) => [index, id])));
  await insertCommands(tx, operation, commands);
  record({
    kind: 'OPERATION_STARTED',
    operationId: operation.id,
    actor: operation.actor,
    summary: summaryOf(operation, planned, commands.length),
  });
  return operation;
}

/** That an operation is taken back: from now on it is not to be any more. */
async function tellReverted(
  tx: Transaction,
  record: (...events: NewEvent[]) => void,
  operationId: string,
  { actor, kind }: OperationModel,
): Promise<void> {
  await tx.operation.update({ where: { id: operationId }, data: { revertReason: null } });
  const summary = `It is taken back: ${KIND_WORDS[kind].toLowerCase()}.`;
  record({ kind: 'OPERATION_CHANGED', operationId, actor, summary });
}

/** @param clusters how many of them something is done to */
function summaryOf(
  { kind, mode, reason, startsAt, overrideReason }: OperationModel,
  { nodeCount, waves }: Plan,
  clusters: number,
): string {
  const inWaves = waves.length > 1 ? ` in ${waves.length} waves` : '';
  const later = startsAt ? ` It is to begin at ${startsAt.toISOString()}.` : '';
  const override = overrideReason ? ` Freezes and maintenance windows are not heeded: ${overrideReason}` : '';
  return `${KIND_WORDS[kind]} (${mode.toLowerCase()}) of ${counted(nodeCount, 'node')} in ${counted(clusters, 'cluster')}${inWaves}. ${reason}${later}${override}`;
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** Who made the API key by which it was started, or for whom the OC did, as {@link idOf} says it; null: it was started otherwise. */
async function makerOf(tx: Transaction, principal: Principal): Promise<string | null> {
  if (principal.kind === 'system') return principal.behalfOf;
  if (principal.kind !== 'key') return null;
  const { createdBy } = await tx.apiKey.findUniqueOrThrow({ where: { id: principal.keyId } });
  const maker = await tx.person.findUnique({ where: { loginName: loginNameOf(createdBy) } });
  return maker && idOfPerson(maker.id);
}

/** What the database keeps as JSON. */
const json = (value: object) => structuredClone(value) as Prisma.InputJsonObject;

interface NewCommand {
  clusterId: string;
  waveId: string;
  position: number;
  limits: RollingLimits | null;
  steps: { nodeId: string; nodeName: string; batch: number; position: number }[];
}

/** @param waveOf the ids of the waves by index */
const commandsOf = ({ clusters }: Plan, waveOf: ReadonlyMap<number, string>): NewCommand[] =>
  clusters
    .filter(({ wave }) => wave !== null)
    .map(({ clusterId, wave, limits, batches }, position) => ({
      clusterId,
      waveId: waveOf.get(wave!)!,
      position,
      limits,
      steps: batches
        .flatMap((nodes, batch) => nodes.map(({ id, name }) => ({ nodeId: id, nodeName: name, batch })))
        .map((step, place) => ({ ...step, position: place })),
    }));

/** In two statements: there is a step for each node of the system when all of it is the target. */
async function insertCommands(
  tx: Transaction,
  { id: operationId, kind, mode }: OperationModel,
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
