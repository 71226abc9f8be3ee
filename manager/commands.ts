import type { IssuedCommand, IssuedStep } from './graphql.ts';
import type { CommandHead, CommandRecord, StepRecord } from './journal.ts';

const ENDED_COMMAND = new Set<string>(['SUCCEEDED', 'FAILED', 'REFUSED', 'ABORTED', 'SKIPPED', 'EXPIRED']);
const ENDED_STEP = new Set<string>(['SUCCEEDED', 'FAILED', 'SKIPPED']);
const STEP_STATUSES = new Set<string>([
  ...['PENDING', 'WAITING', 'STOPPING', 'STARTING', 'CHECKING', 'UNKNOWN'],
  ...ENDED_STEP,
]);

export const commandEnded = ({ status }: { status: string }): boolean => ENDED_COMMAND.has(status);
const stepEnded = ({ status }: { status: string }): boolean => ENDED_STEP.has(status);

export const KINDS: readonly string[] = ['ROLLING_RESTART', 'RESTART', 'START', 'SHUTDOWN'];
const MODES: readonly string[] = ['GRACEFUL', 'FORCED'];

/** A command that is new here, with what the OC already knows of its steps from a former primary. */
export function acceptCommand(issued: IssuedCommand): CommandRecord {
  const unfit = whyUnfit(issued);
  return {
    id: issued.id,
    kind: issued.kind,
    mode: issued.mode,
    rolling: issued.rolling,
    status: unfit ? 'REFUSED' : issued.status === 'RUNNING' ? 'RUNNING' : 'ACCEPTED',
    statusReason: unfit,
    retryAfterSeconds: null,
    waitingFor: null,
    pauseRequested: issued.pauseRequested,
    abortRequested: issued.abortRequested,
    abortAtOnce: issued.abortAtOnce,
    dropped: false,
    stoppedBefore: null,
    sequence: issued.reportSequence,
    told: false,
    steps: issued.allSteps.map((step) => ({ ...step })),
  };
}

/** Why this manager cannot do it, null when it can. What it does not know must not be taken for something that it does. */
function whyUnfit({ kind, mode, rolling, allSteps }: IssuedCommand): string | null {
  if (!KINDS.includes(kind)) return `This manager cannot do ${kind}.`;
  if (!MODES.includes(mode)) return `This manager does not know the mode ${mode}.`;
  if (kind === 'ROLLING_RESTART' && !rolling)
    return 'A rolling restart needs its limits, and this one has none.';
  const strange = allSteps.find(({ status }) => !STEP_STATUSES.has(status));
  return strange ? `This manager does not know what a step is that is ${strange.status}.` : null;
}

/**
 * What changes in a command of the journal when it is delivered once more. The journal knows better what was done
 * here; the OC knows better what is wanted, how far the reports were numbered, and how steps ended that another
 * manager carried out. A pause can be taken back; an abort and a skip cannot, whatever was lost at the OC.
 */
export function mergeCommand(
  mine: CommandRecord,
  issued: IssuedCommand,
): { head: Partial<CommandHead>; steps: StepRecord[] } {
  const busy = wasBusy(mine);
  const over = commandEnded(mine) && !busy;
  const theirs = new Map(issued.allSteps.map((step) => [step.nodeName, step]));
  const steps = mine.steps.flatMap((step) => {
    const other = theirs.get(step.nodeName);
    return over || stepEnded(step) || !other ? [] : mergeStep(step, other);
  });
  return {
    head: {
      ...(busy && { status: 'ACCEPTED', statusReason: null, retryAfterSeconds: null }),
      pauseRequested: issued.pauseRequested,
      abortRequested: mine.abortRequested || issued.abortRequested,
      abortAtOnce: mine.abortAtOnce || issued.abortAtOnce,
      sequence: Math.max(mine.sequence, issued.reportSequence),
    },
    steps,
  };
}

function mergeStep(mine: StepRecord, theirs: IssuedStep): StepRecord[] {
  if (stepEnded(theirs)) return [theirs];
  const skipRequested = mine.skipRequested || theirs.skipRequested;
  const { pauseRequested } = theirs;
  if (skipRequested === mine.skipRequested && pauseRequested === mine.pauseRequested) return [];
  return [{ ...mine, skipRequested, pauseRequested }];
}

/** The OC was asked to issue it once more: that it was refused then is not how it ended. */
const wasBusy = ({ status, retryAfterSeconds }: CommandRecord): boolean =>
  status === 'REFUSED' && retryAfterSeconds !== null;
