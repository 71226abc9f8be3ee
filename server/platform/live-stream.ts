import type { PrismaClient } from './generated/prisma/client.ts';
import { whenThere } from './database/hold.ts';
import { headPosition, type Position } from './event-log.ts';
import { endingWithConsumer } from './iterate.ts';
import type { Batch, Tail } from './tail.ts';

/** One message of a stream: what is true as of `position`, or newer. */
export interface LiveEvent {
  position: Position;
}

export interface LiveSource<E extends LiveEvent> {
  /** What a consumer is told first that knows nothing yet. */
  snapshot(position: Position): E;
  /**
   * What a batch of the log means to this stream; a batch without news for it is told, too: as a bookmark. Asked again
   * while the database is away.
   */
  eventOf(batch: Batch): E | Promise<E>;
}

/**
 * A subscription to state: a snapshot unless the consumer has one, then what the log says, batch by batch. It has no
 * state of its own: whoever is at a position can ask what follows. So consumers of one stream can share what is made
 * of each step, and each can go at its own pace.
 */
export class LiveStream<E extends LiveEvent> implements AsyncIterable<E> {
  readonly start: Position;
  /** Undefined for a consumer that goes on from `start`. */
  readonly snapshot: E | undefined;
  /**
   * What follows a position: as soon as there is any, and something at all every few seconds; undefined when the signal
   * aborts or the server stops.
   */
  readonly next: (position: Position, signal: AbortSignal) => Promise<E | undefined>;

  constructor(start: Position, snapshot: E | undefined, next: LiveStream<E>['next']) {
    this.start = start;
    this.snapshot = snapshot;
    this.next = next;
  }

  /**
   * The stream of what the event log says; fails as {@link Tail.next} does.
   * @param since where the consumer is; it gets a snapshot as of now without it.
   */
  static async open<E extends LiveEvent>(
    { prisma, tail }: { prisma: PrismaClient; tail: Tail },
    since: Position | null | undefined,
    source: LiveSource<E>,
  ): Promise<LiveStream<E>> {
    const next = async (position: Position, signal: AbortSignal) => {
      const batch = await tail.next(position, signal);
      return batch && whenThere(async () => source.eventOf(batch), signal);
    };
    if (since) return new LiveStream<E>(since, undefined, next);
    const start = await headPosition(prisma);
    return new LiveStream<E>(start, source.snapshot(start), next);
  }

  /** All of it, for one consumer. */
  [Symbol.asyncIterator](): AsyncIterableIterator<E> {
    return endingWithConsumer((signal) => this.#all(signal));
  }

  async *#all(signal: AbortSignal): AsyncGenerator<E, void, void> {
    if (this.snapshot) yield this.snapshot;
    let position = this.start;
    for (let event = await this.next(position, signal); event; event = await this.next(position, signal)) {
      position = event.position;
      yield event;
    }
  }
}
