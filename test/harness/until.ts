/** Longest wait for something that is to happen, milliseconds: generous, because a slow machine is no failure. */
const PATIENCE_MS = 45_000;

/**
 * Resolves with the first value of `look` that is neither undefined nor false; looks again every 25 ms. Errors of
 * `look` count as "not yet". Fails with what was seen last when nothing comes.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen as T;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`Waited in vain: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
