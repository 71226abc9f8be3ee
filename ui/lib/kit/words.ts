import type { Enum } from './graphql.ts';

type Kind = Enum<'OperationKind'>;

/** One word for one act, everywhere: buttons, titles, lists. */
export const KIND_WORDS: Record<Kind, string> = {
  ROLLING_RESTART: 'Rolling restart',
  RESTART: 'Restart',
  SHUTDOWN: 'Shutdown',
  START: 'Start',
};

export const KINDS = Object.keys(KIND_WORDS) as Kind[];

/** A count with its noun: `1 node`, `3 nodes`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;
}
