import type { CommandStatus, ControlLink, WaveStatus } from '../platform/generated/prisma/enums.ts';
import { commandEnded, waveEnded } from './state.ts';

/** The rules that can hold an operation, a wave, a command or a step. */
export const HOLD_RULES = [
  'PAUSED',
  'EARLIER_WAVE',
  'PROMOTION',
  'CLUSTERS_AT_ONCE',
  'SOAK',
  'HEALTH',
  'OFFLINE',
  'BUSY',
  'QUEUE',
  'DELIVERY',
  'MANAGER',
  'START_TIME',
  'WINDOW',
  'FREEZE',
  'APPROVAL',
] as const;
export type HoldRule = (typeof HOLD_RULES)[number];

/** Why something does not move. */
export interface Hold {
  rule: HoldRule;
  /** A sentence. */
  reason: string;
  /** What frees it: an act of somebody, or what it waits for. A sentence. */
  freedBy: string;
}

/** A hold as a row keeps it. */
export interface HoldSince extends Hold {
  /** ISO 8601. */
  since: string;
}

/** Since when: a hold by the same rule goes on, whatever its numbers are by now. */
export const heldSince = (before: HoldSince | null, hold: Hold | null, now: Date): HoldSince | null =>
  hold && { ...hold, since: before?.rule === hold.rule ? before.since : now.toISOString() };

/** What holds an operation: the index of the wave that it is about, or null. */
export interface WaveHold extends HoldSince {
  wave: number | null;
}

interface HeldCommand {
  status: CommandStatus;
  issuedAt: Date | null;
  deliveredAt: Date | null;
  expiresAt: Date | null;
  notBefore: Date | null;
  pausedAt: Date | null;
  pauseReason: string | null;
  managerWaits: string | null;
  takenBack: boolean;
}
/** What a command belongs to, with its own pause if there is one. */
interface Holder {
  pausedAt: Date | null;
  pauseReason: string | null;
}
interface HeldWave extends Holder {
  index: number;
  name: string;
  status: WaveStatus;
}
interface Surroundings {
  operation: Holder & { hold: WaveHold | null };
  wave: HeldWave;
  cluster: { name: string; link: ControlLink; lastHeardAt: Date | null };
  /** What runs first in the same cluster, in words. */
  ahead: string | null;
  /** Why it is not issued now although its turn has come. */
  shut: Hold | null;
}

/** Null for `since`: nobody has written it down. */
type Held = Hold & { since: Date | null };

const held = (rule: HoldRule, reason: string, freedBy: string, since: Date | null): Held => ({
  rule,
  reason,
  freedBy,
  since,
});

/** By the first of them that is paused. @param what a sentence that says so */
function pauseOf(...holders: (Holder & { what: string })[]): Held | null {
  const paused = holders.find(({ pausedAt }) => pausedAt !== null);
  if (!paused) return null;
  const reason = [paused.what, paused.pauseReason].filter(Boolean).join(' ');
  return held('PAUSED', reason, 'Someone resumes it.', paused.pausedAt);
}

/**
 * What the runner found, if it is about that wave. Null instead of a wave: about the operation as a whole, which holds
 * all of it that has not begun.
 */
const foundOf = (wave: number | null, hold: WaveHold | null): Held | null =>
  hold?.wave === wave ? { ...hold, since: new Date(hold.since) } : null;

/** Why a command does not move; null when it moves or has ended. */
export function holdOfCommand(command: HeldCommand, around: Surroundings): Held | null {
  const { operation, wave, cluster, ahead } = around;
  if (commandEnded(command.status)) return null;
  const paused = pauseOf(
    { ...command, what: `${cluster.name} is paused in this operation.` },
    { ...wave, what: `Wave “${wave.name}” is paused.` },
    { ...operation, what: 'The operation is paused.' },
  );
  const silent = cluster.link === 'SILENT';
  if (paused && !(silent && command.status === 'RUNNING')) return paused;
  if (command.status === 'PLANNED') return holdOfPlanned(around);
  if (silent) {
    const heard = cluster.lastHeardAt ? `, last heard ${cluster.lastHeardAt.toISOString()}` : '';
    const reason = `No manager of ${cluster.name} is heard${heard}.`;
    return command.status === 'RUNNING'
      ? held(
          'OFFLINE',
          `${reason} It may be carrying on alone: what is shown is the last it said.`,
          'A manager of it is heard again, or it is given up: aborted at once.',
          cluster.lastHeardAt,
        )
      : held(
          'OFFLINE',
          reason,
          command.expiresAt
            ? `A manager of it is heard again, or the command expires at ${command.expiresAt.toISOString()}.`
            : 'A manager of it is heard again.',
          cluster.lastHeardAt,
        );
  }
  if (command.takenBack && command.status !== 'RUNNING') {
    return held(
      'WINDOW',
      'Its maintenance window closed before it was begun: it is taken back.',
      'Its manager gives it back; then it waits for the next window.',
      null,
    );
  }
  if (command.notBefore) {
    return held(
      'BUSY',
      command.managerWaits ?? `The manager of ${cluster.name} is busy.`,
      `It is asked again at ${command.notBefore.toISOString()}.`,
      null,
    );
  }
  if (command.managerWaits)
    return held('MANAGER', command.managerWaits, 'The manager says that it goes on.', null);
  if (command.status === 'RUNNING') return null;
  if (ahead) return held('QUEUE', `${ahead} runs first in ${cluster.name}.`, 'It is done.', command.issuedAt);
  return command.deliveredAt
    ? held(
        'DELIVERY',
        'Its manager has it and has not answered yet.',
        'The manager answers.',
        command.deliveredAt,
      )
    : held('DELIVERY', 'It is on its way to the manager.', 'The manager takes it.', command.issuedAt);
}

/** Why a command that is not paused has not been issued. */
function holdOfPlanned({ operation: { hold }, wave, shut }: Surroundings): Held {
  const all = foundOf(null, hold);
  if (all) return all;
  const begun = wave.status !== 'PENDING';
  // It says more of this cluster than what was found of its wave.
  if (begun && shut) return held(shut.rule, shut.reason, shut.freedBy, null);
  const own = foundOf(wave.index, hold);
  if (own) return own;
  return begun
    ? held(
        'CLUSTERS_AT_ONCE',
        `As many clusters of wave “${wave.name}” are under way as may be at once.`,
        'One of them is done.',
        null,
      )
    : held('EARLIER_WAVE', `Wave “${wave.name}” has not begun.`, 'The waves before it are done.', null);
}

/** Why a wave does not move; null when it moves or has ended. */
export function holdOfWave(wave: HeldWave, operation: Holder, hold: WaveHold | null): Held | null {
  if (waveEnded(wave.status)) return null;
  const own =
    pauseOf(
      { ...operation, what: 'The operation is paused.' },
      { ...wave, what: `Wave “${wave.name}” is paused.` },
    ) ?? foundOf(wave.index, hold);
  if (own || wave.status !== 'PENDING') return own;
  return (
    foundOf(null, hold) ??
    held('EARLIER_WAVE', 'Earlier waves are not done.', 'The waves before it are done.', null)
  );
}
