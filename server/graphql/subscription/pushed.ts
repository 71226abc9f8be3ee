import type { GraphQLError } from 'graphql';
import type { Line } from './line.ts';
import type { Consumer, Shareable, SharedSubscriptions } from './shared.ts';

/**
 * A shared subscription on a WebSocket. Results are written to it directly, the shared bytes between those that name
 * the subscription; the iterator yields none, it only ends when the subscription does.
 */
export function subscribePushed(
  shared: SharedSubscriptions,
  shareable: Shareable,
  line: Line,
  id: string,
): AsyncIterableIterator<never> {
  let finish!: { resolve(): void; reject(error: unknown): void };
  const finished = new Promise<void>((resolve, reject) => (finish = { resolve, reject }));
  let leave: (() => void) | undefined;
  const consumer = new Pushed(line, id, finish);
  const done = { done: true as const, value: undefined };
  return {
    next: async () => {
      leave = shared.join(shareable, consumer);
      await finished;
      return done;
    },
    return: () => {
      leave?.();
      finish.resolve();
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

class Pushed implements Consumer {
  readonly #line: Line;
  readonly #head: Buffer;
  readonly #finish: { resolve(): void; reject(error: unknown): void };

  constructor(line: Line, id: string, finish: { resolve(): void; reject(error: unknown): void }) {
    this.#line = line;
    this.#head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
    this.#finish = finish;
  }

  /** A result that the line cannot take now waits by itself: its bytes are shared with all who are told the same. */
  send(result: Buffer): Promise<void> | undefined {
    if (this.#line.isOpen && this.#line.isFull) return this.#line.drained().then(() => this.send(result));
    if (result.length < SHARED_BYTES) this.#line.write(Buffer.concat([this.#head, result, TAIL]));
    else this.#line.write(this.#head, result, TAIL);
    return this.#line.isFull ? this.#line.drained() : undefined;
  }

  fail(errors: readonly GraphQLError[]): void {
    this.#finish.reject(errors[0]);
  }

  end(): void {
    this.#finish.resolve();
  }
}

/** From this size on a message goes out in pieces, of which all subscribers share one: less is copied faster than it is framed. */
const SHARED_BYTES = 16 * 1024;

const TAIL = Buffer.from('}');
