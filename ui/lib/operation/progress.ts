import type { Enum } from '$lib/kit/graphql.ts';
import type { Tone } from '$lib/kit/state.ts';
import { counted } from '$lib/kit/words.ts';

type StepStatus = Enum<'StepStatus'>;

/** How far steps are. */
export interface Progress {
  total: number;
  /** For a bar: what went well, what failed, what was left out, what is at work; the rest has not begun. */
  parts: { tone: Tone; count: number }[];
  words: string;
}

export function progressOf(counts: readonly { status: StepStatus; count: number }[]): Progress {
  const of = (...statuses: StepStatus[]): number =>
    counts.filter(({ status }) => statuses.includes(status)).reduce((sum, { count }) => sum + count, 0);
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const succeeded = of('SUCCEEDED');
  const failed = of('FAILED');
  const skipped = of('SKIPPED');
  const waiting = of('WAITING');
  const working = of('STOPPING', 'STARTING', 'CHECKING');
  return {
    total,
    parts: [
      { tone: 'ok', count: succeeded },
      { tone: 'bad', count: failed },
      { tone: 'idle', count: skipped },
      { tone: 'busy', count: working },
    ],
    words: [
      `${succeeded} of ${counted(total, 'node')} done`,
      ...(working > 0 ? [`${working} under way`] : []),
      ...(waiting > 0 ? [`${waiting} waiting`] : []),
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ].join(', '),
  };
}
