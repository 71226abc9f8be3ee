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
}
/** What a command belongs to, with its own pause if there is one. */
interface Holder {
  pausedAt: Date | null;
  pauseReason: string | null;
}
interface Surroundings {
  operation: Holder;
  wave: Holder & { name: string; status: WaveStatus };
  cluster: { name: string; link: ControlLink; lastHeardAt: Date | null };
  /** What runs first in the same cluster, in words. */
  ahead: string | null;
}

/** Why a command does not move; null when it moves or has ended. `since` is null where nobody has written it down. */
export function holdOfCommand(
  command: HeldCommand,
  { operation, wave, cluster, ahead }: Surroundings,
): (Hold & { since: Date | null }) | null {
  if (commandEnded(command.status)) return null;
  const held = (rule: HoldRule, reason: string, freedBy: string, since: Date | null) => ({
    rule,
    reason,
    freedBy,
    since,
  });
  const pauses = [
    { ...command, what: `${cluster.name} is paused in this operation.` },
    { ...wave, what: `Wave “${wave.name}” is paused.` },
    { ...operation, what: 'The operation is paused.' },
  ];
  const paused = pauses.find(({ pausedAt }) => pausedAt !== null);
  const silent = cluster.link === 'SILENT';
  if (paused && !(silent && command.status === 'RUNNING')) {
    const why = [paused.what, paused.pauseReason].filter(Boolean).join(' ');
    return held('PAUSED', why, 'Someone resumes it.', paused.pausedAt);
  }
  if (command.status === 'PLANNED') {
    return wave.status === 'PENDING'
      ? held('EARLIER_WAVE', `Wave “${wave.name}” has not begun.`, 'The waves before it are done.', null)
      : held(
          'CLUSTERS_AT_ONCE',
          `As many clusters of wave “${wave.name}” are under way as may be at once.`,
          'One of them is done.',
          null,
        );
  }
  if (silent) {
    const heard = cluster.lastHeardAt ? `, last heard ${cluster.lastHeardAt.toISOString()}` : '';
    const reason = `No manager of ${cluster.name} is heard${heard}.`;
    return command.status === 'RUNNING'
      ? held(
          'OFFLINE',
          `${reason} It may be carrying on alone: what is shown is the last it said.`,
          'A manager of it is heard again.',
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

/** Why a wave does not move; null when it moves or has ended. */
export function holdOfWave(
  wave: Holder & { index: number; status: WaveStatus },
  operation: Holder,
  hold: WaveHold | null,
): (Hold & { since: Date | null }) | null {
  if (waveEnded(wave.status)) return null;
  if (operation.pausedAt) {
    const reason = ['The operation is paused.', operation.pauseReason].filter(Boolean).join(' ');
    return { rule: 'PAUSED', reason, freedBy: 'Someone resumes it.', since: operation.pausedAt };
  }
  if (hold?.wave === wave.index) return { ...hold, since: new Date(hold.since) };
  if (wave.status !== 'PENDING') return null;
  const freedBy = 'The waves before it are done.';
  return { rule: 'EARLIER_WAVE', reason: 'Earlier waves are not done.', freedBy, since: null };
}
