import { setTimeout as pause } from 'node:timers/promises';
import { isUnavailable } from './unavailable.ts';

const RETRY_MS = 250;

/**
 * Asks the database, and while it is away again and again: for those who rather wait than be told so.
 * @returns undefined when the signal aborts before there is an answer
 * @throws whatever else went wrong
 */
export async function whenThere<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
    await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
