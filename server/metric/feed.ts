import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from '../platform/bus.ts';
import { AppError } from '../platform/errors.ts';
import { samePosition, type Position } from '../platform/event-log.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { Logger } from '../platform/log.ts';

export interface MetricFeedOptions {
  prisma: PrismaClient;
  bus: Bus;
  logger: Logger;
  /** The table is also looked at this often without any bell, milliseconds. */
  pollMs?: number;
  /** After news it is not looked at again for so long, milliseconds: reports that come close together are told as one. */
  paceMs?: number;
  /** Who waits for this long is told that there is nothing, milliseconds. */
  quietMs?: number;
}

/**
 * Says when there are new metrics. A position is a snapshot of the database in PostgreSQL's own words: which
 * transactions it holds. What is new to one who is there are the rows that were written by any other, in whatever
 * order they were committed. Nothing is kept here: who comes late finds the newest values in the table, and no others.
 */
export class MetricFeed {
  readonly #options: Required<MetricFeedOptions>;
  readonly #waiting = new Set<() => void>();
  #head = '';
  #looking: Promise<void> | undefined;
  #again = false;
  /** The last look failed: nobody can say that there is nothing. */
  #blind = false;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;
  readonly #stopping = new AbortController();

  constructor(options: MetricFeedOptions) {
    this.#options = { pollMs: 1000, paceMs: 250, quietMs: 5000, ...options };
  }

  async start(): Promise<void> {
    const [row] = await this.#options.prisma.$queryRaw<[{ head: string }]>`
      SELECT pg_current_snapshot()::text AS head`;
    this.#head = row.head;
    this.#stopListening = this.#options.bus.onRing(() => void this.#look(), 'metrics');
    this.#timer = setInterval(() => void this.#look(), this.#options.pollMs).unref();
  }

  /** Ends whoever waits. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopListening?.();
    clearInterval(this.#timer);
    await this.#looking;
    this.#wake();
  }

  /** Where one begins who is told the newest values first. */
  get position(): Position {
    return { revision: 0n, mark: this.#head };
  }

  /**
   * Where the news lies that comes after `position`: at once, or when there is some; the same position when for some
   * time there is none, as far as can be seen. Undefined when the signal aborts or the server stops.
   * @throws AppError RESYNC_REQUIRED when the database was put back to a state before `position`.
   */
  async next(position: Position, signal: AbortSignal): Promise<Position | undefined> {
    const isOver = () => signal.aborted || this.#stopping.signal.aborted;
    while (samePosition(position, this.position) && !isOver()) {
      await this.#news(signal);
      if (!this.#blind) break;
    }
    if (isOver()) return undefined;
    if (endOf(position.mark) > endOf(this.#head)) {
      throw new AppError('RESYNC_REQUIRED', 'The database is another one than before: start again.');
    }
    return this.position;
  }

  /** Resolves at the next news, after `quietMs`, at the signal's end, whichever is first. */
  #news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, this.#options.quietMs);
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }

  /** One look at a time; a bell meanwhile means one more. */
  async #look(): Promise<void> {
    this.#again = true;
    this.#looking ??= this.#lookAll();
    await this.#looking;
  }

  async #lookAll(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#again && !signal.aborted) {
      this.#again = false;
      try {
        const news = await this.#advance();
        this.#blind = false;
        if (!news) continue;
        this.#wake();
        await pause(this.#options.paceMs, undefined, { signal }).catch(() => undefined);
      } catch (error) {
        // The poll tries again.
        this.#blind = true;
        this.#options.logger.warn({ err: error }, 'could not look for metrics');
      }
    }
    this.#looking = undefined;
  }

  /** Whether there is news, and the head is behind it now. */
  async #advance(): Promise<boolean> {
    const before = this.#head;
    const [row] = await this.#options.prisma.$queryRaw<[{ head: string; news: boolean }]>`
      SELECT pg_current_snapshot()::text AS head, EXISTS (
        SELECT 1 FROM node_metric WHERE written >= pg_snapshot_xmin(${before}::pg_snapshot)
          AND NOT pg_visible_in_snapshot(written, ${before}::pg_snapshot)
      ) AS news`;
    if (!row.news && endOf(row.head) >= endOf(before)) return false;
    this.#head = row.head;
    return true;
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}

/** The first transaction behind a snapshot, `xmin:xmax:those under way`; it only grows, as long as the database is the same. */
const endOf = (snapshot: string): bigint => BigInt(snapshot.split(':')[1]!);
