import type { Backoff } from './backoff.ts';
import { OcError, isTransient } from './client.ts';
import type { Logger } from './log.ts';
import { News } from './news.ts';

/**
 * Tells the OC something until it has taken it. Whoever has news calls `poke()`; `deliver` tells what is untold at
 * that moment, so that news that come while it is on its way, or while the OC is away, go together next time.
 */
export class Outbox {
  private readonly news = new News();
  private readonly done = new News();
  private readonly reachable = new News();
  private untold = false;
  private sending = false;
  private trouble = '';

  /** @param deliver throws what OcClient.send throws; whatever is not transient is logged and not sent again. */
  constructor(
    private readonly deliver: () => Promise<void>,
    private readonly backoff: Backoff,
    private readonly log: Logger,
    private readonly signal: AbortSignal,
  ) {
    void this.run();
  }

  poke(): void {
    this.untold = true;
    this.news.tell();
  }

  /** The OC answers again: what could not be told is tried at once. */
  retryNow(): void {
    this.backoff.reset();
    this.reachable.tell();
  }

  /** Resolves when all is told, or when the signal aborts. */
  async flushed(signal: AbortSignal): Promise<void> {
    while ((this.untold || this.sending) && !signal.aborted) await this.done.wait(null, signal);
  }

  private async run(): Promise<void> {
    while (!this.signal.aborted) {
      if (!this.untold) {
        await this.news.wait(null, this.signal);
        continue;
      }
      this.untold = false;
      this.sending = true;
      try {
        await this.deliver();
        this.backoff.reset();
        this.trouble = '';
      } catch (error) {
        if (this.signal.aborted) break;
        if (isTransient(error)) {
          // That the OC is away the hub says; that it fails at this is said here, once.
          const { message } = error as Error;
          if (error instanceof OcError && message !== this.trouble)
            this.log.warn(`a report has to wait: ${message}`);
          this.trouble = message;
          this.untold = true;
          await this.reachable.wait(this.backoff.next(), this.signal);
        } else this.log.error({ err: error }, 'a report was refused');
      }
      this.sending = false;
      this.done.tell();
    }
  }
}
