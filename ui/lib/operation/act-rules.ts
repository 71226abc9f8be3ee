import type { Enum } from '$lib/kit/graphql.ts';
import type { ActName } from './acts.ts';
import { isCommandEnded, isEnded, isWaveEnded } from './words.ts';

type Counts = readonly { status: Enum<'CommandStatus'>; count: number }[];

/** What did not succeed and can be tried again. */
const RETRIED: readonly Enum<'CommandStatus'>[] = ['FAILED', 'REFUSED', 'EXPIRED', 'ABORTED'];
const OPEN: readonly Enum<'CommandStatus'>[] = ['PLANNED', 'PENDING', 'ACCEPTED', 'RUNNING'];

const sum = (counts: Counts, of: readonly Enum<'CommandStatus'>[]): number =>
  counts.filter(({ status }) => of.includes(status)).reduce((all, { count }) => all + count, 0);

export interface OperationState {
  status: Enum<'OperationStatus'>;
  pausedAt: string | null;
  commandCounts: Counts;
  startedAt: string | null;
  actor: string;
  approvals: readonly { by: string }[];
}
export interface WaveState {
  status: Enum<'WaveStatus'>;
  pausedAt: string | null;
  manualGate: boolean;
  promotedAt: string | null;
  commandCounts: Counts;
}
export interface CommandState {
  status: Enum<'CommandStatus'>;
  pauseRequested: boolean;
  abortRequested: boolean;
  abortAtOnce: boolean;
  cluster: { controlLink: Enum<'ControlLink'> };
}
export interface StepState {
  status: Enum<'StepStatus'>;
  skipRequested: boolean;
  pauseRequested: boolean;
}

/**
 * Why an act on the whole operation makes no sense now, or undefined.
 * @param viewer the name of who would do it
 */
export function senselessOnOperation(
  act: ActName,
  { status, pausedAt, commandCounts, startedAt, actor, approvals }: OperationState,
  viewer: string,
): string | undefined {
  const approved = approvals.some(({ by }) => by === viewer);
  if (act === 'approve' && actor === viewer) return 'It is for another person than who started it.';
  if (act === 'approve' && approved) return 'You have approved it.';
  if (act === 'withdraw' && !approved) return 'You have not approved it.';
  if ((act === 'approve' || act === 'withdraw') && startedAt) return 'It has begun.';
  if (act === 'retry') return sum(commandCounts, RETRIED) > 0 ? undefined : 'Nothing of it has failed.';
  if (isEnded(status)) return 'It has ended.';
  if (act === 'pause' && pausedAt) return 'It is paused already.';
  if (act === 'pause' && status === 'ABORTING') return 'It is being aborted.';
  if (act === 'resume' && !pausedAt) return 'It is not paused.';
  return undefined;
}

/** Why an act on a wave makes no sense now, or undefined. */
export function senselessOnWave(act: ActName, wave: WaveState): string | undefined {
  if (act === 'retry') return sum(wave.commandCounts, RETRIED) > 0 ? undefined : 'Nothing of it has failed.';
  if (isWaveEnded(wave.status)) return 'It has ended.';
  if (act === 'promote') {
    if (!wave.manualGate) return 'It has no manual gate.';
    return wave.promotedAt ? 'It is promoted already.' : undefined;
  }
  if (act === 'pause' && wave.pausedAt) return 'It is paused already.';
  if (act === 'resume' && !wave.pausedAt) return 'It is not paused.';
  if (act === 'skip' && sum(wave.commandCounts, OPEN) === 0) return 'All of it is done.';
  return undefined;
}

/**
 * Why an act on one cluster's part makes no sense now, or undefined.
 * @param above whether its wave or the operation is paused: then that is what is to be resumed
 */
export function senselessOnCommand(
  act: ActName,
  { status, pauseRequested, abortRequested, abortAtOnce, cluster }: CommandState,
  above: boolean,
): string | undefined {
  if (act === 'retry') return RETRIED.includes(status) ? undefined : 'It has not failed.';
  if (isCommandEnded(status)) return 'It has ended.';
  if (act === 'pause' && pauseRequested) return 'It is paused already.';
  if (act === 'resume' && !pauseRequested) return 'It is not paused.';
  if (act === 'resume' && above) return 'Its wave or the whole operation is paused: resume that.';
  // One that is not heard can still be given up on.
  if (act === 'abort' && abortAtOnce && cluster.controlLink !== 'SILENT')
    return 'It is being aborted at once.';
  if (act !== 'abort' && abortRequested) return 'It is being aborted.';
  return undefined;
}

/** Why an act on one node makes no sense now, or undefined. `command` is the status of its cluster's part. */
export function senselessOnStep(
  act: ActName,
  { status, skipRequested, pauseRequested }: StepState,
  command: Enum<'CommandStatus'>,
): string | undefined {
  const again = status === 'FAILED' || status === 'SKIPPED' || status === 'UNKNOWN';
  if (act === 'retry') {
    if (!again) return 'It has not failed.';
    return RETRIED.includes(command) ? undefined : 'Its cluster is still at work, or has succeeded.';
  }
  if (isCommandEnded(command)) return 'Its cluster has ended.';
  if (status !== 'PENDING' && status !== 'WAITING') return 'Its turn has begun already.';
  if (act === 'skip' && skipRequested) return 'It is skipped already.';
  if (act === 'pause' && pauseRequested) return 'It is paused already.';
  if (act === 'resume' && !pauseRequested) return 'It is not paused.';
  return undefined;
}
