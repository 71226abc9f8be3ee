export interface BackoffOptions {
  /** Bound of the first wait, milliseconds. */
  baseMs: number;
  /** Bound of every wait, milliseconds. */
  capMs: number;
  random?: () => number;
}

/**
 * Capped exponential backoff with full jitter: each wait is drawn evenly from zero to a bound that doubles. Managers
 * that lost their OC at the same moment so come back spread out, and none ever gives up.
 */
export class Backoff {
  private attempt = 0;

  constructor(private readonly options: BackoffOptions) {}

  /**
   * Milliseconds to wait before the next attempt.
   * @param capMs a tighter bound than that of the options.
   */
  next(capMs = this.options.capMs): number {
    const { baseMs, random = Math.random } = this.options;
    const bound = Math.min(capMs, this.options.capMs, baseMs * 2 ** Math.min(this.attempt++, 30));
    return Math.round(random() * bound);
  }

  /** After a success: the next wait is short again. */
  reset(): void {
    this.attempt = 0;
  }
}

/** Between attempts to reach the OC. */
export const BACKOFF = { baseMs: 250, capMs: 10_000 };
