import type { Enum } from '$lib/kit/graphql.ts';
import type { Tone } from '$lib/kit/state.ts';
import { counted } from '$lib/kit/words.ts';

/** How far something of many parts is. */
export interface Progress {
  total: number;
  /** For a bar: what went well, what failed, what was left out, what is at work; the rest has not begun. */
  parts: { tone: Tone; count: number }[];
  words: string;
}

/** Which statuses count as what. */
interface Groups<Status> {
  done: readonly Status[];
  working: readonly Status[];
  waiting: readonly Status[];
  failed: readonly Status[];
  aborted: readonly Status[];
  skipped: readonly Status[];
  /** What became of them nobody has told. */
  unknown: readonly Status[];
}

const STEPS: Groups<Enum<'StepStatus'>> = {
  done: ['SUCCEEDED'],
  working: ['STOPPING', 'STARTING', 'CHECKING'],
  waiting: ['WAITING'],
  failed: ['FAILED'],
  aborted: [],
  skipped: ['SKIPPED'],
  unknown: ['UNKNOWN'],
};
const COMMANDS: Groups<Enum<'CommandStatus'>> = {
  done: ['SUCCEEDED'],
  working: ['ACCEPTED', 'RUNNING'],
  waiting: ['PENDING'],
  failed: ['FAILED', 'REFUSED', 'EXPIRED'],
  aborted: ['ABORTED'],
  skipped: ['SKIPPED'],
  unknown: [],
};

/** How far steps are. */
export const progressOf = (counts: readonly { status: Enum<'StepStatus'>; count: number }[]): Progress =>
  progress(counts, STEPS, 'node');

/** How far the clusters of a wave or of an operation are. */
export const clusterProgress = (
  counts: readonly { status: Enum<'CommandStatus'>; count: number }[],
): Progress => progress(counts, COMMANDS, 'cluster');

function progress<Status>(
  counts: readonly { status: Status; count: number }[],
  groups: Groups<Status>,
  noun: string,
): Progress {
  const of = (name: keyof Groups<Status>): number =>
    counts.filter(({ status }) => groups[name].includes(status)).reduce((sum, { count }) => sum + count, 0);
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const said = (name: keyof Groups<Status>, word: string): string[] => {
    const count = of(name);
    return count > 0 ? [`${count.toLocaleString('en')} ${word}`] : [];
  };
  return {
    total,
    parts: [
      { tone: 'ok', count: of('done') },
      { tone: 'bad', count: of('failed') },
      { tone: 'warn', count: of('aborted') },
      { tone: 'idle', count: of('skipped') },
      { tone: 'unknown', count: of('unknown') },
      { tone: 'busy', count: of('working') },
    ],
    words: [
      `${of('done').toLocaleString('en')} of ${counted(total, noun)} done`,
      ...said('working', 'under way'),
      ...said('waiting', 'waiting'),
      ...said('failed', 'failed'),
      ...said('aborted', 'aborted'),
      ...said('skipped', 'skipped'),
      ...said('unknown', 'unknown'),
    ].join(', '),
  };
}
