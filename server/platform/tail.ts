import type { PrismaClient } from './generated/prisma/client.ts';
import type { Bus } from './bus.ts';
import type { Logger } from './log.ts';
import { headRevision, type LoggedEvent } from './event-log.ts';
import { AppError } from './errors.ts';

/** Events in revision order up to and including `revision`; empty when only time has passed: the stream is alive. */
export interface Batch {
  revision: bigint;
  events: LoggedEvent[];
}

export interface TailOptions {
  prisma: PrismaClient;
  bus: Bus;
  logger: Logger;
  /** The log is also read this often without any bell, milliseconds. */
  pollMs?: number;
  /** A follower that hears nothing for this long gets an empty batch, milliseconds. */
  bookmarkMs?: number;
  /** Events kept in memory; followers further behind read the database. */
  keep?: number;
}

const PAGE = 1000;

/**
 * The one reader of the event log in a server process. Followers hold nothing but a position, so a slow one costs
 * no memory: it simply gets more events at its next turn.
 */
export class Tail {
  readonly #options: Required<TailOptions>;
  readonly #waiting = new Set<() => void>();
  #recent: LoggedEvent[] = [];
  #head = 0n;
  #reading: Promise<void> | undefined;
  #again = false;
  /** The last read failed: nobody can say that nothing happened. */
  #blind = false;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;
  #closed = false;

  constructor(options: TailOptions) {
    this.#options = { pollMs: 1000, bookmarkMs: 5000, keep: 10_000, ...options };
  }

  /** The newest revision that this process has read. */
  get head(): bigint {
    return this.#head;
  }

  async start(): Promise<void> {
    this.#head = await headRevision(this.#options.prisma);
    this.#stopListening = this.#options.bus.onRing(() => void this.#read());
    this.#timer = setInterval(() => void this.#read(), this.#options.pollMs).unref();
  }

  /** Ends every follower. */
  async stop(): Promise<void> {
    this.#closed = true;
    this.#stopListening?.();
    clearInterval(this.#timer);
    await this.#reading;
    this.#wake();
  }

  /**
   * Follows the log from just after `since` until the consumer returns or the server stops.
   * @throws AppError RESYNC_REQUIRED when `since` lies ahead of the log (a restored database, another history).
   */
  async *follow(since: bigint, signal?: AbortSignal): AsyncGenerator<Batch, void, void> {
    let position = since;
    if (position > this.#head) await this.#read();
    if (position > this.#head && this.#blind) {
      throw new AppError('UNAVAILABLE', 'The event log cannot be read right now. Try again.');
    }
    if (position > this.#head) {
      throw new AppError(
        'RESYNC_REQUIRED',
        `Revision ${since} is not in this log: start again with a snapshot.`,
      );
    }
    while (!this.#closed && !signal?.aborted) {
      if (position === this.#head) await this.#news(signal);
      if (this.#closed || signal?.aborted) return;
      if (position === this.#head && this.#blind) continue;
      const events = position === this.#head ? [] : await this.#after(position);
      position = events.at(-1)?.revision ?? position;
      yield { revision: position, events };
    }
  }

  async #after(position: bigint): Promise<LoggedEvent[]> {
    const first = this.#recent[0];
    if (first && position >= first.revision - 1n) {
      return this.#recent.slice(Number(position - first.revision) + 1).slice(0, PAGE);
    }
    return this.#page(position);
  }

  #page(position: bigint): Promise<LoggedEvent[]> {
    return this.#options.prisma.event.findMany({
      where: { revision: { gt: position } },
      orderBy: { revision: 'asc' },
      take: PAGE,
      select: {
        revision: true,
        kind: true,
        clusterId: true,
        nodeId: true,
        operationId: true,
        commandId: true,
        stepId: true,
      },
    });
  }

  /** Resolves at the next news, after `bookmarkMs`, at the signal's end, whichever is first. */
  #news(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, this.#options.bookmarkMs);
      this.#waiting.add(done);
      signal?.addEventListener('abort', done);
    });
  }

  /** One read at a time; a bell during a read means one more. */
  async #read(): Promise<void> {
    this.#again = true;
    this.#reading ??= this.#drain();
    await this.#reading;
  }

  async #drain(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        const events = await this.#page(this.#head);
        this.#blind = false;
        if (events.length === 0) continue;
        this.#again ||= events.length === PAGE;
        this.#recent.push(...events);
        if (this.#recent.length > this.#options.keep) this.#recent = this.#recent.slice(-this.#options.keep);
        this.#head = events.at(-1)!.revision;
        this.#wake();
      } catch (error) {
        // The poll tries again.
        this.#blind = true;
        this.#options.logger.warn({ err: error }, 'could not read the event log');
      }
    }
    // Without a turn of the event loop in between: a bell from now on begins a read of its own.
    this.#reading = undefined;
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
