import type { Enum } from './graphql.ts';

/** Any status the API knows, of whatever thing. */
export type AnyStatus =
  | Enum<'ClusterStatus'>
  | Enum<'NodeStatus'>
  | Enum<'OperationStatus'>
  | Enum<'WaveStatus'>
  | Enum<'CommandStatus'>
  | Enum<'StepStatus'>
  | Enum<'ControlLink'>
  | Enum<'ManagerStatus'>
  | Enum<'PersonStatus'>
  | Enum<'ApiKeyStatus'>
  | Enum<'EnrolmentTokenStatus'>
  | Enum<'AuditResult'>;

export type Tone = 'ok' | 'busy' | 'warn' | 'bad' | 'idle' | 'unknown';

/** A subpath in a 12 by 12 box: where it starts, and the rest in relative commands so that it can be moved. */
type Subpath = readonly [x: number, y: number, rest: string];

const DISC: Subpath[] = [[1.5, 6, 'a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z']];
// The inner circle runs the other way round, which leaves it empty.
const RING: Subpath[] = [...DISC, [3, 6, 'a3 3 0 1 1 6 0a3 3 0 1 1-6 0z']];
const DASHED_RING: Subpath[] = dashedRing(6, 4.6, 3.1);

const SHAPES = {
  disc: DISC,
  ring: RING,
  dashedRing: DASHED_RING,
  /** Lower half filled: on its way up. */
  rising: [...RING, [1.5, 6, 'a4.5 4.5 0 0 0 9 0z']],
  /** Upper half filled: on its way down. */
  falling: [...RING, [10.5, 6, 'a4.5 4.5 0 0 0-9 0z']],
  dotted: [...RING, [4.4, 6, 'a1.6 1.6 0 1 0 3.2 0a1.6 1.6 0 1 0-3.2 0z']],
  quarters: [[6, 6, 'v-4.5a4.5 4.5 0 1 1-4.5 4.5z']],
  square: [[2, 2, 'h8v8h-8z']],
  triangle: [[6, 0.9, 'l5.4 9.8h-10.8z']],
  cross: [
    [2.7, 1.1, 'l3.3 3.3 3.3-3.3 1.6 1.6-3.3 3.3 3.3 3.3-1.6 1.6-3.3-3.3-3.3 3.3-1.6-1.6 3.3-3.3-3.3-3.3z'],
  ],
  tick: [[1, 6.4, 'l1.5-1.5 2.3 2.3 4.7-4.9 1.5 1.5-6.2 6.4z']],
  dash: [[2, 5, 'h8v2h-8z']],
  pause: [
    [2, 1.5, 'h3v9h-3z'],
    [7, 1.5, 'h3v9h-3z'],
  ],
  /** Two arrow heads: passed over. */
  skip: [
    [1, 1.5, 'l5 4.5-5 4.5z'],
    [6, 1.5, 'l5 4.5-5 4.5z'],
  ],
  dot: [[3.5, 6, 'a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0z']],
} satisfies Record<string, Subpath[]>;

export type Shape = keyof typeof SHAPES;

/** How a status looks and reads: shape, colour and word say the same. */
export interface Look {
  shape: Shape;
  tone: Tone;
  word: string;
}

const LOOKS: Record<AnyStatus, Look> = {
  HEALTHY: { shape: 'disc', tone: 'ok', word: 'healthy' },
  CHANGING: { shape: 'rising', tone: 'busy', word: 'changing' },
  EMPTY: { shape: 'ring', tone: 'idle', word: 'empty' },
  DEGRADED: { shape: 'triangle', tone: 'warn', word: 'degraded' },
  DOWN: { shape: 'cross', tone: 'bad', word: 'down' },
  UNKNOWN: { shape: 'dashedRing', tone: 'unknown', word: 'unknown' },

  RUNNING: { shape: 'disc', tone: 'ok', word: 'running' },
  STARTING: { shape: 'rising', tone: 'busy', word: 'starting' },
  STOPPING: { shape: 'falling', tone: 'busy', word: 'stopping' },
  STOPPED: { shape: 'square', tone: 'idle', word: 'stopped' },
  UNHEALTHY: { shape: 'triangle', tone: 'warn', word: 'unhealthy' },
  LEFT: { shape: 'dash', tone: 'idle', word: 'left' },

  PLANNED: { shape: 'dot', tone: 'idle', word: 'planned' },
  PENDING: { shape: 'ring', tone: 'idle', word: 'pending' },
  PAUSED: { shape: 'pause', tone: 'warn', word: 'paused' },
  SOAKING: { shape: 'quarters', tone: 'busy', word: 'soaking' },
  ABORTING: { shape: 'falling', tone: 'warn', word: 'aborting' },
  SUCCEEDED: { shape: 'tick', tone: 'ok', word: 'succeeded' },
  FAILED: { shape: 'cross', tone: 'bad', word: 'failed' },
  ABORTED: { shape: 'square', tone: 'warn', word: 'aborted' },
  ACCEPTED: { shape: 'dotted', tone: 'busy', word: 'accepted' },
  REFUSED: { shape: 'cross', tone: 'bad', word: 'refused' },
  EXPIRED: { shape: 'dash', tone: 'warn', word: 'expired' },
  WAITING: { shape: 'dotted', tone: 'idle', word: 'waiting' },
  CHECKING: { shape: 'quarters', tone: 'busy', word: 'checking' },
  SKIPPED: { shape: 'skip', tone: 'idle', word: 'skipped' },

  CONNECTED: { shape: 'disc', tone: 'ok', word: 'connected' },
  SILENT: { shape: 'dashedRing', tone: 'unknown', word: 'silent' },
  REVOKED: { shape: 'square', tone: 'bad', word: 'revoked' },

  ACTIVE: { shape: 'disc', tone: 'ok', word: 'active' },
  INVITED: { shape: 'ring', tone: 'busy', word: 'invited' },
  DISABLED: { shape: 'square', tone: 'idle', word: 'disabled' },
  VALID: { shape: 'disc', tone: 'ok', word: 'valid' },
  USED_UP: { shape: 'square', tone: 'idle', word: 'used up' },
  DONE: { shape: 'tick', tone: 'ok', word: 'done' },
  DENIED: { shape: 'cross', tone: 'bad', word: 'denied' },
};

/** An operation or command that runs is at work; a node that runs is well. */
const AT_WORK: Look = { shape: 'rising', tone: 'busy', word: 'running' };

/** What kind of thing a status belongs to, where the same word looks different. */
export type StatusOf = 'state' | 'work';

export function lookOf(status: AnyStatus, of: StatusOf = 'state'): Look {
  return of === 'work' && status === 'RUNNING' ? AT_WORK : LOOKS[status];
}

/** SVG path data of a shape with its 12 by 12 box at (x, y). */
export function shapePath(shape: Shape, x = 0, y = 0): string {
  return (SHAPES[shape] as Subpath[]).map(([dx, dy, rest]) => `M${x + dx} ${y + dy}${rest}`).join('');
}

/** Segments of a ring with gaps between them. */
function dashedRing(segments: number, outer: number, inner: number): Subpath[] {
  const turn = (2 * Math.PI) / segments;
  const round = (value: number): number => Math.round(value * 100) / 100;
  return Array.from({ length: segments }, (_, n) => {
    const from = n * turn - Math.PI / 2 - turn * 0.3;
    const to = from + turn * 0.6;
    const at = (radius: number, angle: number) =>
      [radius * Math.cos(angle), radius * Math.sin(angle)] as const;
    const [x1, y1] = at(outer, from);
    const [x2, y2] = at(outer, to);
    const [x3, y3] = at(inner, to);
    const [x4, y4] = at(inner, from);
    const arc = (radius: number, sweep: 0 | 1, dx: number, dy: number) =>
      `a${radius} ${radius} 0 0 ${sweep} ${round(dx)} ${round(dy)}`;
    const rest = `${arc(outer, 1, x2 - x1, y2 - y1)}l${round(x3 - x2)} ${round(y3 - y2)}${arc(inner, 0, x4 - x3, y4 - y3)}z`;
    return [round(6 + x1), round(6 + y1), rest] as const;
  });
}
