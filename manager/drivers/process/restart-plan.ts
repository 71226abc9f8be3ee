const BASE_MS = 500;
const CAP_MS = 30_000;
/** A process that lived this long does not count as one more failure in a row. */
const STEADY_SECONDS = 10;

/** When a worker that died is started again: the more often it died in a row, the later. */
export class RestartPlan {
  private timer: NodeJS.Timeout | null = null;
  private deathsInARow = 0;

  constructor(
    private readonly policy: 'always' | 'never',
    private readonly start: () => void,
  ) {}

  get pending(): boolean {
    return this.timer !== null;
  }

  /**
   * @param livedSeconds how long the process ran; 0 for one that could not be started.
   * @returns in how many milliseconds it is started again; null: it is not.
   */
  died(livedSeconds: number): number | null {
    if (this.policy === 'never') return null;
    if (livedSeconds >= STEADY_SECONDS) this.deathsInARow = 0;
    const waitMs = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(this.deathsInARow++, 10));
    this.timer = setTimeout(() => {
      this.timer = null;
      this.start();
    }, waitMs);
    return waitMs;
  }

  cancel(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Somebody starts it on purpose: what was before does not count. */
  forgive(): void {
    this.cancel();
    this.deathsInARow = 0;
  }
}
