import type { Bus } from './bus.ts';
import { ClusterFeed } from './cluster-feed.ts';
import type { Logger } from './log.ts';
import { samePosition, type LoggedEvent, type LogReader, type Position } from './event-log.ts';
import { AppError } from './errors.ts';

/** Events in revision order up to and including `position`; empty when only time has passed: the log is alive. */
export interface Batch {
  position: Position;
  events: LoggedEvent[];
}

export interface TailOptions {
  log: LogReader;
  bus: Bus;
  logger: Logger;
  /** The log is also read this often without any bell, milliseconds. */
  pollMs?: number;
  /** Who waits at the head for this long gets an empty batch, milliseconds. */
  bookmarkMs?: number;
  /** Events kept in memory; who is further behind reads the database. */
  keep?: number;
}

/** Most events of one batch. */
const PAGE = 1000;

/**
 * The one reader of the event log in a server process. Who follows it holds nothing but a position, so a slow one
 * costs no memory: it simply gets more events at its next turn.
 *
 * Revisions have no gaps. Every read begins with the event at the position itself: where that is missing or bears
 * another mark, the log was compacted or belongs to another history, and the reader is told to begin anew.
 */
export class Tail {
  /** For who follows one cluster alone. */
  readonly clusters = new ClusterFeed();
  readonly #options: Required<TailOptions>;
  readonly #waiting = new Set<() => void>();
  /** The newest events, the one at the head last. */
  #recent: LoggedEvent[] = [];
  /** How far this process has read. */
  #head: Position = { revision: 0n, mark: '' };
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

  async start(): Promise<void> {
    await this.#restart();
    this.#stopListening = this.#options.bus.onRing(() => void this.#read());
    this.#timer = setInterval(() => void this.#read(), this.#options.pollMs).unref();
  }

  /** Ends whoever waits. */
  async stop(): Promise<void> {
    this.#closed = true;
    this.#stopListening?.();
    clearInterval(this.#timer);
    await this.#reading;
    this.#wake();
    this.clusters.end();
  }

  /**
   * What comes after `position`: at once, or when there is news, or an empty batch after some time without any.
   * Undefined when the signal aborts or the server stops.
   * @throws AppError RESYNC_REQUIRED when the log does not hold what lies at or right behind `position`; UNAVAILABLE
   *   when that cannot be told right now.
   */
  async next(position: Position, signal?: AbortSignal): Promise<Batch | undefined> {
    while (!this.#closed && !signal?.aborted) {
      if (samePosition(position, this.#head)) {
        await this.#news(signal);
        if (this.#closed || signal?.aborted) return undefined;
        if (!samePosition(position, this.#head)) continue;
        if (this.#blind) continue;
        return { position, events: [] };
      }
      if (position.revision >= this.#head.revision) await this.#read();
      if (samePosition(position, this.#head)) continue;
      const events = this.#recentAfter(position) ?? (await this.#storedAfter(position));
      return { position: positionOf(events.at(-1)!), events };
    }
    return undefined;
  }

  /** Follows the log from just after `position`; ends and throws as {@link next} does. */
  async *follow(position: Position, signal?: AbortSignal): AsyncGenerator<Batch, void, void> {
    let at = position;
    for (let batch = await this.next(at, signal); batch; batch = await this.next(at, signal)) {
      at = batch.position;
      yield batch;
    }
  }

  #recentAfter(position: Position): LoggedEvent[] | undefined {
    const [first] = this.#recent;
    if (!first || position.revision < first.revision) return undefined;
    const index = Number(position.revision - first.revision);
    const here = this.#recent[index];
    if (!here || !samePosition(here, position)) throw this.#lost(position);
    return this.#recent.slice(index + 1, index + 1 + PAGE);
  }

  async #storedAfter(position: Position): Promise<LoggedEvent[]> {
    const [here, ...events] = await this.#page(position);
    if (!here || !samePosition(here, position) || events.length === 0) throw this.#lost(position);
    return events;
  }

  #lost({ revision }: Position): AppError {
    return this.#blind
      ? new AppError('UNAVAILABLE', 'The event log cannot be read right now. Try again.')
      : new AppError(
          'RESYNC_REQUIRED',
          `What follows revision ${revision} is not in this log: start again with a snapshot.`,
        );
  }

  /** The event at `position` and those behind it. */
  #page({ revision }: Position): Promise<LoggedEvent[]> {
    return this.#options.log.from(revision, PAGE + 1);
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
        await this.#advance();
        this.#blind = false;
      } catch (error) {
        // The poll tries again.
        this.#blind = true;
        this.#options.logger.warn({ err: error }, 'could not read the event log');
      }
    }
    // Without a turn of the event loop in between: a bell from now on begins a read of its own.
    this.#reading = undefined;
  }

  async #advance(): Promise<void> {
    const [here, ...events] = await this.#page(this.#head);
    if (!here || !samePosition(here, this.#head)) {
      const shortened = here !== undefined && here.revision > this.#head.revision;
      const why = shortened ? 'was shortened beyond what was read of it' : 'is another one than before';
      this.#options.logger.warn(`the event log ${why}: everybody starts again`);
      await this.#restart();
      this.clusters.lose();
      this.#wake();
      return;
    }
    if (events.length === 0) return;
    this.#again ||= events.length === PAGE;
    this.#recent.push(...events);
    if (this.#recent.length > this.#options.keep) this.#recent = this.#recent.slice(-this.#options.keep);
    this.#head = positionOf(events.at(-1)!);
    this.clusters.tell(events);
    this.#wake();
  }

  /** Begins at the head as it is now, with nothing remembered but the event there. */
  async #restart(): Promise<void> {
    this.#head = await this.#options.log.head();
    this.#recent = (await this.#page(this.#head)).slice(0, 1);
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}

const positionOf = ({ revision, mark }: Position): Position => ({ revision, mark });
