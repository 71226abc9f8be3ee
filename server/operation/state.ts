import type {
  CommandStatus,
  OperationStatus,
  StepStatus,
  WaveStatus,
} from '../platform/generated/prisma/enums.ts';

const ENDED_COMMAND = new Set<CommandStatus>([
  'SUCCEEDED',
  'FAILED',
  'REFUSED',
  'ABORTED',
  'EXPIRED',
  'SKIPPED',
]);
/** Issued and not ended. */
export const ACTIVE_COMMAND = ['PENDING', 'ACCEPTED', 'RUNNING'] as const satisfies readonly CommandStatus[];
export const OPEN_STEP = [
  'PENDING',
  'WAITING',
  'STOPPING',
  'STARTING',
  'CHECKING',
] as const satisfies readonly StepStatus[];
const ENDED_OPERATION = new Set<OperationStatus>(['SUCCEEDED', 'FAILED', 'ABORTED']);

export const waveEnded = (status: WaveStatus): boolean =>
  status === 'SUCCEEDED' || status === 'FAILED' || status === 'ABORTED';

export const commandEnded = (status: CommandStatus): boolean => ENDED_COMMAND.has(status);
export const operationEnded = (status: OperationStatus): boolean => ENDED_OPERATION.has(status);

const BEGUN = new Set<CommandStatus>(['RUNNING', 'SUCCEEDED', 'FAILED']);

/**
 * Whether a manager's report may still change a command. What it did counts more than that the OC gave up waiting: an
 * expired command that was begun after all is told as it was. One that was never delivered nobody can have begun.
 */
export const takesReport = (
  {
    status,
    deliveredAt,
    startedAt,
  }: { status: CommandStatus; deliveredAt: Date | null; startedAt: Date | null },
  reported: CommandStatus,
): boolean =>
  (!commandEnded(status) && status !== 'PLANNED') ||
  (status === 'EXPIRED' &&
    deliveredAt !== null &&
    (BEGUN.has(reported) || (reported === 'ABORTED' && startedAt !== null)));

/**
 * What a command is after a report that it takes. What was given up has ended: that it runs all the same, or was aborted
 * in the middle, is told of its steps; only an end of its own is what it is from then on.
 */
export const afterReport = (status: CommandStatus, reported: CommandStatus): CommandStatus =>
  status === 'EXPIRED' && reported !== 'SUCCEEDED' && reported !== 'FAILED' ? 'EXPIRED' : reported;

/** How far a step has come, as far as it goes one way only: not begun, under way, ended. */
const STAGE: Record<StepStatus, number> = {
  PENDING: 0,
  WAITING: 0,
  STOPPING: 1,
  STARTING: 1,
  CHECKING: 1,
  SUCCEEDED: 2,
  FAILED: 2,
  SKIPPED: 2,
  // Begun or not, it has not been heard to have ended.
  UNKNOWN: 1,
};

/**
 * Whether a later report may say this of a step: it may not take back that it has begun, or how it has ended. A
 * manager that says so has forgotten what its predecessor, or it itself, has told.
 */
export const stepMayBecome = (status: StepStatus, reported: StepStatus): boolean =>
  status === reported ||
  STAGE[reported] > STAGE[status] ||
  (STAGE[reported] === STAGE[status] && STAGE[status] < 2);

export type CommandCounts = Readonly<Record<CommandStatus, number>>;

/** How many commands of an operation, or of what one sees of it, are in which status. */
export const countsFrom = (some: Partial<CommandCounts>): CommandCounts => ({
  PLANNED: 0,
  PENDING: 0,
  ACCEPTED: 0,
  RUNNING: 0,
  SUCCEEDED: 0,
  FAILED: 0,
  REFUSED: 0,
  ABORTED: 0,
  EXPIRED: 0,
  SKIPPED: 0,
  ...some,
});

export const sumOf = (counts: CommandCounts, statuses: readonly CommandStatus[]): number =>
  statuses.reduce((sum, status) => sum + counts[status], 0);

/** What counts against a failure budget. */
export const FAILED_COMMAND = ['FAILED', 'REFUSED', 'EXPIRED'] as const satisfies readonly CommandStatus[];
const OPEN_COMMAND = ['PLANNED', ...ACTIVE_COMMAND] as const;

export interface Progress {
  counts: CommandCounts;
  /** Of the waves some have not ended: there may be a soak although all is done. */
  wavesOpen: boolean;
  paused: boolean;
  abortRequested: boolean;
}

/** An operation's status from how far its commands are, and from what is wanted of it. */
export function operationStatus({ counts, wavesOpen, paused, abortRequested }: Progress): {
  status: OperationStatus;
  reason: string | null;
} {
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const open = sumOf(counts, OPEN_COMMAND);
  const told = (['SUCCEEDED', 'FAILED', 'REFUSED', 'EXPIRED', 'ABORTED', 'SKIPPED'] as const)
    .filter((status) => counts[status] > 0)
    .map((status) => `${counts[status]} ${status.toLowerCase()}`)
    .join(', ');
  if (open > 0 || wavesOpen) {
    const rest = open === 0 ? `All of ${ofClusters(all)} are done` : `${open} of ${ofClusters(all)} to go`;
    const reason = told ? `${rest}; ${told}.` : `${rest}.`;
    if (abortRequested) return { status: 'ABORTING', reason };
    if (paused) return { status: 'PAUSED', reason };
    return { status: counts.PLANNED + counts.PENDING === all ? 'PENDING' : 'RUNNING', reason };
  }
  if (counts.SUCCEEDED === all) return { status: 'SUCCEEDED', reason: null };
  const reason = `Of ${ofClusters(all)}: ${told}.`;
  if (sumOf(counts, FAILED_COMMAND) > 0) return { status: 'FAILED', reason };
  return { status: counts.ABORTED > 0 || counts.SUCCEEDED === 0 ? 'ABORTED' : 'SUCCEEDED', reason };
}

export const ofClusters = (n: number): string => (n === 1 ? '1 cluster' : `${n} clusters`);
