import type { CommandStatus, StepStatus } from '../platform/generated/prisma/enums.ts';
import { invalid } from '../platform/errors.ts';
import type { NewEvent, Transaction } from '../platform/event-log.ts';
import { OPEN_STEP, stepMayBecome } from './state.ts';

export interface StepReport {
  nodeName: string;
  status: StepStatus;
  [fact: string]: unknown;
}

/**
 * Writes what a report says of steps and answers the events that tell it. What would take a step back is left as it is.
 * @throws AppError INVALID for a step that the command does not have, and for one that is named twice.
 */
export async function updateSteps(
  tx: Transaction,
  command: { id: string; operationId: string; clusterId: string; status: CommandStatus },
  steps: readonly StepReport[],
): Promise<NewEvent[]> {
  if (steps.length === 0) return [];
  const known = await tx.step.findMany({
    where: { commandId: command.id, nodeName: { in: steps.map(({ nodeName }) => nodeName) } },
    select: { nodeName: true, status: true },
  });
  const seen = new Set<string>();
  const twice = steps.findIndex(({ nodeName }) => seen.size === seen.add(nodeName).size);
  if (twice >= 0) throw invalid(`input.steps.${twice}.nodeName`, `${steps[twice]!.nodeName} is named twice`);
  const before = new Map(known.map(({ nodeName, status }) => [nodeName, status]));
  const stray = steps.findIndex(({ nodeName }) => !before.has(nodeName));
  if (stray >= 0) {
    throw invalid(`input.steps.${stray}.nodeName`, `the command has no step for ${steps[stray]!.nodeName}`);
  }
  // What has expired was ended by the OC, not by its manager, who may know better.
  const moved = steps.filter(
    ({ nodeName, status }) => command.status === 'EXPIRED' || stepMayBecome(before.get(nodeName)!, status),
  );
  const changed = await tx.$queryRaw<
    { id: string; node_id: string; node_name: string; status: StepStatus; reason: string | null }[]
  >`
    UPDATE step AS s SET status = r.status, reason = r.reason, output = r.output,
      instance_before = coalesce(r."instanceBefore", s.instance_before), instance_after = r."instanceAfter",
      started_at = coalesce(s.started_at, r."startedAt"), finished_at = r."finishedAt"
    FROM jsonb_to_recordset(${JSON.stringify(moved)}::jsonb) AS r("nodeName" text, status "StepStatus", reason text,
      output text[], "instanceBefore" text, "instanceAfter" text, "startedAt" timestamptz(3), "finishedAt" timestamptz(3))
    WHERE s.command_id = ${command.id} AND s.node_name = r."nodeName"
      AND (s.status, s.reason, s.output, s.instance_after, s.finished_at)
        IS DISTINCT FROM (r.status, r.reason, r.output, r."instanceAfter", r."finishedAt")
    RETURNING s.id, s.node_id, s.node_name, s.status, s.reason`;
  return changed.map((step) => ({
    kind: 'STEP_CHANGED',
    operationId: command.operationId,
    commandId: command.id,
    clusterId: command.clusterId,
    nodeId: step.node_id,
    stepId: step.id,
    summary: [`${step.node_name}: ${step.status}.`, step.reason].filter(Boolean).join(' '),
  }));
}

/** @throws AppError INVALID when there are steps of the command that have not ended. */
export async function mustHaveEnded(tx: Transaction, commandId: string): Promise<void> {
  const open = await tx.step.count({ where: { commandId, status: { in: [...OPEN_STEP] } } });
  if (open > 0) throw invalid('input.status', `it has not succeeded: ${open} of its steps have not ended`);
}
