import type { CommandStatus, StepStatus } from '../platform/generated/prisma/enums.ts';
import { invalid } from '../platform/errors.ts';
import type { NewEvent, Transaction } from '../platform/event-log.ts';
import { OPEN_STEP, stepMayBecome } from './state.ts';

export interface StepReport {
  nodeName: string;
  status: Exclude<StepStatus, 'UNKNOWN'>;
  [fact: string]: unknown;
}

export interface StepsWritten {
  /** They tell what changed. */
  events: NewEvent[];
  /** Steps of the command that have not ended. */
  open: number;
}

/**
 * Writes what a report says of steps. What would take a step back is left as it is.
 * @throws AppError INVALID for a step that the command does not have, and for one that is named twice.
 */
export async function updateSteps(
  tx: Transaction,
  command: { id: string; operationId: string; clusterId: string; status: CommandStatus },
  steps: readonly StepReport[],
): Promise<StepsWritten> {
  const known = await tx.$queryRaw<(KnownStep & { name: string })[]>`
    SELECT node_name AS name, status, started_at IS NOT NULL AS begun FROM step WHERE command_id = ${command.id}`;
  const statuses = new Map(known.map(({ name, status }) => [name, status]));
  const moved = movedSteps(command.status, new Map(known.map((step) => [step.name, step])), steps);
  const changed = moved.length > 0 ? await writeSteps(tx, command.id, moved) : [];
  for (const { nodeName, status } of moved) statuses.set(nodeName, status);
  return {
    events: changed.map((step) => ({
      kind: 'STEP_CHANGED',
      operationId: command.operationId,
      commandId: command.id,
      clusterId: command.clusterId,
      nodeId: step.node_id,
      stepId: step.id,
      summary: [`${step.node_name}: ${step.status}.`, step.reason].filter(Boolean).join(' '),
    })),
    open: [...statuses.values()].filter((status) => OPEN.has(status)).length,
  };
}

const OPEN = new Set<StepStatus>([...OPEN_STEP, 'UNKNOWN']);

interface KnownStep {
  status: StepStatus;
  begun: boolean;
}

function movedSteps(
  command: CommandStatus,
  known: ReadonlyMap<string, KnownStep>,
  steps: readonly StepReport[],
): StepReport[] {
  const seen = new Set<string>();
  const twice = steps.findIndex(({ nodeName }) => seen.size === seen.add(nodeName).size);
  if (twice >= 0) throw invalid(`input.steps.${twice}.nodeName`, `${steps[twice]!.nodeName} is named twice`);
  const stray = steps.findIndex(({ nodeName }) => !known.has(nodeName));
  if (stray >= 0) {
    throw invalid(`input.steps.${stray}.nodeName`, `the command has no step for ${steps[stray]!.nodeName}`);
  }
  return steps.filter(({ nodeName, status }) => {
    const before = known.get(nodeName)!;
    // Who has it anew cannot know that it was left out: it was begun.
    if (before.status === 'UNKNOWN' && before.begun && status === 'SKIPPED') return false;
    return stepMayBecome(before.status, status);
  });
}

interface WrittenStep {
  id: string;
  node_id: string;
  node_name: string;
  status: StepStatus;
  reason: string | null;
}

/** Answers those that were otherwise. */
const writeSteps = (tx: Transaction, commandId: string, steps: readonly StepReport[]) =>
  tx.$queryRaw<WrittenStep[]>`
    UPDATE step AS s SET status = r.status, reason = r.reason, output = r.output,
      instance_before = coalesce(r."instanceBefore", s.instance_before), instance_after = r."instanceAfter",
      started_at = coalesce(s.started_at, r."startedAt"), finished_at = r."finishedAt"
    FROM json_to_recordset(${JSON.stringify(steps)}::json) AS r("nodeName" text, status "StepStatus", reason text,
      output text[], "instanceBefore" text, "instanceAfter" text, "startedAt" timestamptz(3), "finishedAt" timestamptz(3))
    WHERE s.command_id = ${commandId} AND s.node_name = r."nodeName"
      AND (s.status, s.reason, s.output, s.instance_after, s.finished_at)
        IS DISTINCT FROM (r.status, r.reason, r.output, r."instanceAfter", r."finishedAt")
    RETURNING s.id, s.node_id, s.node_name, s.status, s.reason`;
