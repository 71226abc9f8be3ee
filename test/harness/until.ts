import { rounds } from './rounds.ts';

/**
 * Longest wait for something that is to happen, milliseconds: generous, because a slow machine is no failure, and in
 * the full form of faults as much more as there is more to do.
 */
export const PATIENCE_MS = rounds({ short: 45_000, full: 300_000 });

/** Pauses between looks, milliseconds: what comes soon is seen soon, and a long wait leaves the processor to others. */
const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;

/**
 * Resolves with the first value of `look` that is neither undefined nor false; looks again and again. Errors of `look`
 * count as "not yet". Fails with what was seen last when nothing comes.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  let last: unknown;
  for (let pause = SHORTEST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen as T;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const seen = last instanceof Error ? ` (${last.message.slice(0, 2000)})` : '';
      throw new Error(`Waited in vain: ${what}${seen}`, { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
