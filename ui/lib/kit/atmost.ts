/**
 * Wraps work that may be asked for often: it runs `gapMs` after the first ask, never twice at once, and after it the
 * next run waits at least `gapMs` and at least four times as long as the work took, so that a slow server is spared.
 */
export class AtMost {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #asked = false;
  #stopped = false;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly gapMs = 1_000,
  ) {}

  /** Asks for a run; asks that come before it has begun are one. */
  ask(): void {
    if (this.#stopped) return;
    if (this.#running) this.#asked = true;
    else this.#timer ??= setTimeout(() => void this.#run(), this.gapMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#running = true;
    const began = performance.now();
    await this.work();
    if (this.#stopped) return;
    const took = performance.now() - began;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#running = false;
        if (!this.#asked) return;
        this.#asked = false;
        void this.#run();
      },
      Math.max(this.gapMs, took * 4),
    );
  }
}
