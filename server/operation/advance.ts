import type { WaveStatus } from '../platform/generated/prisma/enums.ts';
import { earliest } from './calendar/calendar.ts';
import type { Hold } from './hold.ts';
import { ACTIVE_COMMAND, FAILED_COMMAND, ofClusters, sumOf, waveEnded, type CommandCounts } from './state.ts';
import type { RolloutStrategy } from './strategy.ts';

/** All that the next act of an operation rests on. */
export interface OperationView {
  rollout: Pick<RolloutStrategy, 'clustersAtOnce' | 'onExceeded'>;
  approvals: {
    needed: number;
    /** Names of those who have approved. */
    by: readonly string[];
    /** Who started it. */
    actor: string;
  };
  /** Nothing begins before; null: at once. */
  startsAt: Date | null;
  pausedAt: Date | null;
  pauseReason: string | null;
  abortRequested: boolean;
  /** In the order in which they are done. */
  waves: readonly WaveView[];
}

export interface WaveView {
  index: number;
  name: string;
  status: WaveStatus;
  manualGate: boolean;
  promotedAt: Date | null;
  soakSeconds: number;
  /** Null while it soaks: something is not healthy. */
  soakUntil: Date | null;
  failureBudget: number;
  offlineBudget: number;
  pausedAt: Date | null;
  pauseReason: string | null;
  /** Its current commands by status. */
  counts: CommandCounts;
  /** Issued commands that have not ended, of clusters that are offline. */
  offline: number;
  /** PLANNED commands that are paused. */
  pausedCommands: number;
  /** Of the others those that are not issued now: a freeze, no open window, planned to be offline. */
  shut: { count: number; hold: Hold; /** When to look again. */ nextAt: Date | null } | null;
  /** While it soaks: a cluster that was done and is not healthy. */
  unhealthy: { name: string; status: string } | null;
}

export type Act =
  | { act: 'beginWave'; wave: number }
  /** Hands out so many of the wave's planned commands, those first that come first. */
  | { act: 'issue'; wave: number; count: number }
  | { act: 'beginSoak'; wave: number; until: Date }
  | { act: 'interruptSoak'; wave: number; reason: string }
  | {
      act: 'endWave';
      wave: number;
      status: Extract<WaveStatus, 'SUCCEEDED' | 'FAILED' | 'ABORTED'>;
      reason: string | null;
    }
  | { act: 'pause'; wave: number; reason: string }
  /** Nothing of what was not begun is begun any more. */
  | { act: 'stop'; wave: number; reason: string; /** What it did is then taken back. */ revert: boolean };

export interface Decision {
  /** What to do now; after it the operation is looked at again. */
  act: Act | null;
  /** Why the wave that is on does not move; null: it moves, or there is none. */
  hold: (Hold & { wave: number | null }) | null;
  /** When to look again although nothing has happened. */
  wakeAt: Date | null;
}

/** What to do next with an operation. Called again after each act and with all news of it. */
export function advance(view: OperationView, now: Date): Decision {
  const { wakeAt, ...decision } = decide(view, now);
  const late = view.waves.filter(({ status }) => waveEnded(status));
  return { ...decision, wakeAt: earliest([wakeAt, ...late.map(({ shut }) => shut?.nextAt ?? null)]) };
}

function decide(view: OperationView, now: Date): Decision {
  const wave = view.waves.find(({ status }) => !waveEnded(status));
  if (view.abortRequested) return wave && unended(wave) === 0 ? doing(ending(wave)) : lateOnes(view);
  if (view.pausedAt) return held(null, paused('The operation', view.pauseReason));
  // What was taken back of a wave that did not wait for it has its turn as soon as it may.
  const late = view.waves.find((other) => waveEnded(other.status) && issuable(view, other) > 0);
  if (late) return doing({ act: 'issue', wave: late.index, count: issuable(view, late) });
  if (!wave) return lateOnes(view);
  if (view.approvals.by.length < view.approvals.needed) return held(null, approving(view.approvals));
  if (view.startsAt && now < view.startsAt) return held(null, waiting(view.startsAt), view.startsAt);
  switch (wave.status) {
    case 'PENDING':
      return whenPending(wave);
    case 'RUNNING':
      return whenRunning(view, wave, now);
    default:
      return whenSoaking(view, wave, now);
  }
}

const MOVING: Decision = { act: null, hold: null, wakeAt: null };
const doing = (act: Act): Decision => ({ act, hold: null, wakeAt: null });
const held = (wave: number | null, hold: Hold, wakeAt: Date | null = null): Decision => ({
  act: null,
  hold: { ...hold, wave },
  wakeAt,
});

const active = ({ counts }: WaveView): number => sumOf(counts, ACTIVE_COMMAND);
const failures = ({ counts }: WaveView): number => sumOf(counts, FAILED_COMMAND);
const unended = (wave: WaveView): number => active(wave) + wave.counts.PLANNED;
/** Begun or to be begun by a manager that is there. */
const underWay = (wave: WaveView): number => active(wave) - wave.offline;
/** How many of its commands may be issued now. */
const issuable = ({ rollout }: OperationView, wave: WaveView): number =>
  Math.min(
    rollout.clustersAtOnce - underWay(wave),
    wave.counts.PLANNED - wave.pausedCommands - (wave.shut?.count ?? 0),
  );

function whenPending(wave: WaveView): Decision {
  if (wave.pausedAt) return held(wave.index, paused(named(wave), wave.pauseReason));
  if (!wave.manualGate || wave.promotedAt) return doing({ act: 'beginWave', wave: wave.index });
  return held(wave.index, {
    rule: 'PROMOTION',
    reason: `${named(wave)} has a manual gate.`,
    freedBy: 'Someone promotes it.',
  });
}

function whenRunning(view: OperationView, wave: WaveView, now: Date): Decision {
  const { index, counts } = wave;
  const exceeded = overBudget(view, wave);
  if (exceeded) return doing(exceeded);
  if (wave.pausedAt) return held(index, paused(named(wave), wave.pauseReason));
  const count = issuable(view, wave);
  if (count > 0) return doing({ act: 'issue', wave: index, count });
  if (underWay(wave) > 0) return { ...MOVING, wakeAt: wave.shut?.nextAt ?? null };
  if (wave.shut) return held(index, shutting(wave, wave.shut), wave.shut.nextAt);
  if (counts.PLANNED > 0) {
    return held(index, allPaused(named(wave), [wave]));
  }
  if (wave.offline > wave.offlineBudget) return held(index, offline(wave));
  if (wave.soakSeconds === 0) return doing(ending(wave));
  return doing({ act: 'beginSoak', wave: index, until: soakEnd(wave, now) });
}

function whenSoaking(view: OperationView, wave: WaveView, now: Date): Decision {
  const { index, soakUntil, unhealthy } = wave;
  const exceeded = overBudget(view, wave);
  if (exceeded) return doing(exceeded);
  if (wave.pausedAt) return held(index, paused(named(wave), wave.pauseReason));
  if (unhealthy) {
    const reason = `${unhealthy.name} is ${unhealthy.status} after its turn.`;
    if (soakUntil) return doing({ act: 'interruptSoak', wave: index, reason });
    return held(index, {
      rule: 'HEALTH',
      reason: `${reason} The soak of ${named(wave)} begins anew once it is healthy.`,
      freedBy: `${unhealthy.name} is healthy, or someone aborts.`,
    });
  }
  if (!soakUntil) return doing({ act: 'beginSoak', wave: index, until: soakEnd(wave, now) });
  if (now >= soakUntil) return doing(ending(wave));
  return held(
    index,
    {
      rule: 'SOAK',
      reason: `${named(wave)} soaks: its clusters must stay healthy for ${wave.soakSeconds} s.`,
      freedBy: `It ends by itself at ${soakUntil.toISOString()}.`,
    },
    soakUntil,
  );
}

/** Nothing more is begun; commands of clusters that are offline may be open. */
function lateOnes({ waves, abortRequested }: OperationView): Decision {
  const late = waves.filter((wave) => unended(wave) > 0);
  if (late.length === 0 || late.some((wave) => underWay(wave) > 0)) return MOVING;
  const count = late.reduce((sum, wave) => sum + wave.offline, 0);
  const shut = late.find((wave) => wave.shut)?.shut;
  if (count === 0 && shut) {
    const waiting = late.reduce((sum, wave) => sum + (wave.shut?.count ?? 0), 0);
    return held(null, { ...shut.hold, reason: `${ofClusters(waiting)} must wait. ${shut.hold.reason}` });
  }
  if (count === 0) return held(null, allPaused('the operation', late));
  return held(null, {
    rule: 'OFFLINE',
    reason: `${ofClusters(count)} ${count === 1 ? 'is' : 'are'} offline; all others are done.`,
    freedBy: abortRequested
      ? 'They return, or someone aborts it at once.'
      : 'They return, their commands expire, or someone skips them.',
  });
}

/** What more failures than are allowed lead to. Where nothing is left to hold back or to take back, the wave has just failed. */
function overBudget({ rollout, waves }: OperationView, wave: WaveView): Act | null {
  const failed = failures(wave);
  if (failed <= wave.failureBudget) return null;
  const { onExceeded } = rollout;
  if (onExceeded !== 'REVERT' && waves.every((other) => unended(other) === 0)) return ending(wave);
  const allowed = wave.failureBudget === 0 ? 'none may' : `${wave.failureBudget} may`;
  const reason = `In ${named(wave)} ${ofClusters(failed)} failed; ${allowed}.`;
  if (onExceeded === 'PAUSE') return { act: 'pause', wave: wave.index, reason };
  return { act: 'stop', wave: wave.index, reason, revert: onExceeded === 'REVERT' };
}

function ending(wave: WaveView): Act {
  const { counts, index } = wave;
  const failed = failures(wave);
  const parts = [
    failed > 0 && `${failed} failed`,
    counts.ABORTED > 0 && `${counts.ABORTED} aborted`,
    counts.SKIPPED > 0 && `${counts.SKIPPED} skipped`,
    wave.offline > 0 && `${wave.offline} offline, not waited for`,
  ].filter(Boolean);
  const reason = parts.length > 0 ? `${parts.join(', ')}.` : null;
  const status = failed > wave.failureBudget ? 'FAILED' : counts.ABORTED > 0 ? 'ABORTED' : 'SUCCEEDED';
  return { act: 'endWave', wave: index, status, reason };
}

function offline(wave: WaveView): Hold {
  const more = wave.offline - wave.offlineBudget;
  return {
    rule: 'OFFLINE',
    reason: `${ofClusters(wave.offline)} of ${named(wave)} ${wave.offline === 1 ? 'is' : 'are'} offline; without ${wave.offlineBudget} it may go on.`,
    freedBy: `${more === 1 ? 'One' : more} of them ${more === 1 ? 'returns' : 'return'}, their commands expire, or someone skips them.`,
  };
}

const allPaused = (what: string, waves: readonly WaveView[]): Hold => ({
  rule: 'PAUSED',
  reason: `All that is left of ${what} is paused: ${ofClusters(waves.reduce((sum, wave) => sum + wave.pausedCommands, 0))}.`,
  freedBy: 'Someone resumes these clusters, or skips them.',
});

const paused = (what: string, why: string | null): Hold => ({
  rule: 'PAUSED',
  reason: why ? `${what} is paused. ${why}` : `${what} is paused.`,
  freedBy: 'Someone resumes it.',
});

const shutting = (wave: WaveView, { count, hold }: NonNullable<WaveView['shut']>): Hold => ({
  ...hold,
  reason: `Of ${named(wave)} ${ofClusters(count)} must wait. ${hold.reason}`,
});

function approving({ needed, by, actor }: OperationView['approvals']): Hold {
  const people = (n: number) => (n === 1 ? '1 person' : `${n} people`);
  const given = by.length > 0 ? `approved by ${by.join(', ')}` : 'approved by nobody yet';
  const missing = needed - by.length;
  return {
    rule: 'APPROVAL',
    reason: `It needs the approval of ${people(needed)}; ${given}.`,
    freedBy: `${people(missing)} with the role OPERATOR over all of its clusters, other than ${actor}, ${missing === 1 ? 'approves' : 'approve'} it.`,
  };
}

const waiting = (startsAt: Date): Hold => ({
  rule: 'START_TIME',
  reason: `It is to begin at ${startsAt.toISOString()}.`,
  freedBy: 'It begins by itself at that time.',
});

const named = ({ name }: WaveView): string => `Wave “${name}”`;
const soakEnd = ({ soakSeconds }: WaveView, now: Date): Date => new Date(now.getTime() + soakSeconds * 1000);
