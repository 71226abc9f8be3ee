/** Longest wait for something that is to happen, milliseconds: generous, because a slow machine is no failure. */
const PATIENCE_MS = 30_000;

/** Resolves with the first value of `look` that is neither undefined, null nor false; looks again every 10 ms. */
export async function until<T>(what: string, look: () => T | undefined | null | false): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = look();
    if (seen !== undefined && seen !== null && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
