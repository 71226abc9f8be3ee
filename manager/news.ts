/**
 * Wakes whoever waits when something happened. What happened is looked up by the waiter: it checks its condition, and
 * when that does not hold yet it waits, with nothing asynchronous in between.
 */
export class News {
  private readonly waiting = new Set<() => void>();

  /** Wakes all that wait now. */
  tell(): void {
    for (const wake of [...this.waiting]) wake();
  }

  /** Resolves at the next `tell()`, after `ms` (null: never), or when the signal aborts; never rejects. */
  wait(ms: number | null, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = ms === null ? undefined : setTimeout(done, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
      this.waiting.add(done);
      signal?.addEventListener('abort', done);
    });
  }
}

/** Longer timers fire at once; whoever waits longer looks at its condition and waits again. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Resolves after `ms` or when the signal aborts. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> => new News().wait(ms, signal);

/** Whether the promise, which never rejects, resolved within `ms` (null: however long) and before the signal aborted. */
export async function within(
  promise: Promise<unknown>,
  ms: number | null,
  signal: AbortSignal,
): Promise<boolean> {
  const timer = new News();
  const resolved = promise.then(() => true);
  const late = timer.wait(ms, signal).then(() => false);
  const inTime = await Promise.race([resolved, late]);
  timer.tell();
  return inTime && !signal.aborted;
}

/**
 * A signal that aborts after `ms` or with `parent`; `done()` once it is not needed any more. For what is done again
 * and again under one long-lived parent: there AbortSignal.any of Node 20 never lets go of what it made.
 */
export function timeLimit(ms: number, parent?: AbortSignal) {
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort();
  }, ms);
  const abort = () => controller.abort();
  if (parent?.aborted) abort();
  parent?.addEventListener('abort', abort);
  return {
    signal: controller.signal,
    expired: () => expired,
    done() {
      clearTimeout(timer);
      parent?.removeEventListener('abort', abort);
    },
  };
}
