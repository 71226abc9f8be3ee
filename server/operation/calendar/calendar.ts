import { Cron } from 'croner';
import { concerns, type ChoosableCluster, type ClusterChoice } from '../../access/grants.ts';
import type { Hold } from '../hold.ts';

/** While it is on nothing is issued to its clusters. */
export interface Freeze {
  /** Null: the whole system. */
  clusters: ClusterChoice | null;
  reason: string;
  /** From this moment on, until before that one. */
  from: Date;
  until: Date;
}

/** Clusters that have windows are issued something only while one of them is open. */
export interface MaintenanceWindow {
  /** Null: the whole system. */
  clusters: ClusterChoice | null;
  name: string;
  /** When it opens: cron, five fields. */
  schedule: string;
  /** IANA. */
  timeZone: string;
  durationSeconds: number;
}

export interface Calendar {
  freezes: readonly Freeze[];
  windows: readonly MaintenanceWindow[];
}

/** What an operation with an override heeds. */
export const NO_CALENDAR: Calendar = { freezes: [], windows: [] };

type Timing = Pick<MaintenanceWindow, 'schedule' | 'timeZone' | 'durationSeconds'>;

/**
 * When it opens next after a moment; null: never again.
 * @throws TypeError for what is no schedule, or no time zone
 */
export const opensAfter = ({ schedule, timeZone }: Timing, at: Date): Date | null =>
  new Cron(schedule, { timezone: timeZone, mode: '5-part', paused: true }).nextRun(at);

/** When the window that is open at a moment closes, unless it opens anew until then; null: it is not open. */
export function openUntil(window: Timing, at: Date): Date | null {
  const length = window.durationSeconds * 1000;
  const opened = opensAfter(window, new Date(at.getTime() - length));
  return opened && opened <= at ? new Date(opened.getTime() + length) : null;
}

export const isOn = ({ from, until }: Pick<Freeze, 'from' | 'until'>, at: Date): boolean =>
  from <= at && at < until;

/** Why nothing is issued to the cluster now, with when it may be again (null: never, as things are); null: it may. */
export function mayBegin(
  cluster: ChoosableCluster,
  now: Date,
  { freezes, windows }: Calendar,
): (Hold & { at: Date | null }) | null {
  const own = {
    freezes: freezes.filter(({ clusters }) => concerns(clusters, cluster)),
    windows: windows.filter(({ clusters }) => concerns(clusters, cluster)),
  };
  const freeze = own.freezes.find((one) => isOn(one, now));
  if (!freeze && windowOpen(own.windows, now)) return null;
  const at = firstFree(own, now);
  const free = at ? `It is free at ${at.toISOString()}` : 'None of its windows opens any more: it is free';
  return freeze
    ? {
        rule: 'FREEZE',
        reason: `${cluster.name} is frozen until ${freeze.until.toISOString()}: ${freeze.reason}`,
        freedBy: `${free}, or when someone removes the freeze.`,
        at,
      }
    : {
        rule: 'WINDOW',
        reason: `No maintenance window of ${cluster.name} is open: ${own.windows.map(({ name }) => name).join(', ')}.`,
        freedBy: `${free}, or when someone makes or removes a window.`,
        at,
      };
}

const windowOpen = (windows: readonly MaintenanceWindow[], at: Date): boolean =>
  windows.length === 0 || windows.some((window) => openUntil(window, at) !== null);

/** The first moment from `now` on that is in no freeze and, where there are windows, in one. Each freeze is passed once. */
function firstFree({ freezes, windows }: Calendar, now: Date): Date | null {
  let at = now;
  for (;;) {
    const ends = freezes.filter((freeze) => isOn(freeze, at)).map(({ until }) => until);
    if (ends.length > 0) at = latest(ends);
    else if (windowOpen(windows, at)) return at;
    else {
      const next = earliest(windows.map((window) => opensAfter(window, at)));
      if (!next) return null;
      at = next;
    }
  }
}

/** What is shut at a moment, by choice of clusters: what {@link mayBegin} says of each cluster, for all of them at once. */
export interface Shut {
  /** Nothing is issued to these. */
  frozen: (ClusterChoice | null)[];
  /** Nor to these, unless they are among `open` too. */
  windowed: (ClusterChoice | null)[];
  open: (ClusterChoice | null)[];
  /** The first moment after now at which some cluster may be let go; null: there is none. */
  nextAt: Date | null;
  /** The first moment after now at which a window may close; null: none is open. */
  closesAt: Date | null;
}

export function shutAt({ freezes, windows }: Calendar, now: Date): Shut {
  const on = freezes.filter((freeze) => isOn(freeze, now));
  const openNow = windows.filter((window) => openUntil(window, now) !== null);
  const closed = windows.filter((window) => !openNow.includes(window));
  const choices = (all: readonly { clusters: ClusterChoice | null }[]) => all.map(({ clusters }) => clusters);
  return {
    frozen: choices(on),
    windowed: choices(windows),
    open: choices(openNow),
    nextAt: earliest([...on.map(({ until }) => until), ...closed.map((window) => opensAfter(window, now))]),
    closesAt: earliest(openNow.map((window) => openUntil(window, now))),
  };
}

const inOrder = (times: readonly (Date | null)[]): Date[] =>
  times.filter((time) => time !== null).sort((a, b) => a.getTime() - b.getTime());
export const earliest = (times: readonly (Date | null)[]): Date | null => inOrder(times)[0] ?? null;
const latest = (times: readonly Date[]): Date => inOrder(times).at(-1)!;
