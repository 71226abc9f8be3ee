import type { IssuedCommand } from './graphql.ts';
import type { CommandHead, CommandRecord, StepRecord } from './journal.ts';

const ENDED_COMMAND = new Set<string>(['SUCCEEDED', 'FAILED', 'REFUSED', 'ABORTED', 'EXPIRED']);
const ENDED_STEP = new Set<string>(['SUCCEEDED', 'FAILED', 'SKIPPED']);

export const commandEnded = ({ status }: { status: string }): boolean => ENDED_COMMAND.has(status);
const stepEnded = ({ status }: { status: string }): boolean => ENDED_STEP.has(status);

export const KINDS: readonly string[] = ['ROLLING_RESTART', 'RESTART', 'SHUTDOWN'];

/** A command that is new here, with what the OC already knows of its steps from a former primary. */
export function acceptCommand(issued: IssuedCommand): CommandRecord {
  const known = KINDS.includes(issued.kind);
  return {
    id: issued.id,
    kind: issued.kind,
    mode: issued.mode,
    rolling: issued.rolling,
    status: !known ? 'REFUSED' : issued.status === 'RUNNING' ? 'RUNNING' : 'ACCEPTED',
    statusReason: known ? null : `This manager cannot do ${issued.kind}.`,
    waitingFor: null,
    abortRequested: issued.abortRequested,
    dropped: false,
    stoppedBefore: null,
    sequence: issued.reportSequence,
    told: false,
    steps: issued.allSteps.map((step) => ({ ...step })),
  };
}

/**
 * What changes in a command of the journal when it is delivered once more. The journal knows better what was done
 * here; the OC knows better whether an abort is wanted, how far the reports were numbered, and how steps ended that
 * another manager carried out.
 */
export function mergeCommand(
  mine: CommandRecord,
  issued: IssuedCommand,
): { head: Partial<CommandHead>; steps: StepRecord[] } {
  const theirs = new Map(issued.allSteps.filter(stepEnded).map((step) => [step.nodeName, step]));
  const steps = commandEnded(mine)
    ? []
    : mine.steps.flatMap((step) => (stepEnded(step) ? [] : (theirs.get(step.nodeName) ?? [])));
  return {
    head: {
      abortRequested: mine.abortRequested || issued.abortRequested,
      sequence: Math.max(mine.sequence, issued.reportSequence),
    },
    steps,
  };
}
