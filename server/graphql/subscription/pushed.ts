import type { Socket } from 'node:net';
import type { GraphQLError } from 'graphql';
import type { WebSocket } from 'ws';
import type { Consumer, Shareable, SharedSubscriptions } from './shared.ts';

/** Bytes that may wait on a socket before what it subscribed to is held back, to be told later as one. */
const HIGH_WATER_BYTES = 64 * 1024;
/** A socket that takes nothing for so long, milliseconds, is closed. */
const STALL_MS = 10_000;

/** "Try again later": clients connect again and go on from their revision. */
export const TRY_AGAIN_LATER = 1013;

/** The socket of one client, and the connection below it. */
export interface Line {
  webSocket: WebSocket;
  connection: Socket;
}

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

  send(result: Buffer): Promise<void> | undefined {
    const { webSocket, connection } = this.#line;
    if (webSocket.readyState !== webSocket.OPEN) return undefined;
    // What several subscriptions send in this turn goes out in one write.
    connection.cork();
    process.nextTick(() => connection.uncork());
    webSocket.send(Buffer.concat([this.#head, result, TAIL]), { binary: false });
    return webSocket.bufferedAmount > HIGH_WATER_BYTES ? this.#drained() : undefined;
  }

  fail(errors: readonly GraphQLError[]): void {
    this.#finish.reject(errors[0]);
  }

  end(): void {
    this.#finish.resolve();
  }

  #drained(): Promise<void> {
    const { webSocket, connection } = this.#line;
    return new Promise((resolve) => {
      const stalled = setTimeout(() => webSocket.close(TRY_AGAIN_LATER, 'Too slow'), STALL_MS);
      const done = () => {
        clearTimeout(stalled);
        connection.off('drain', done).off('close', done);
        resolve();
      };
      connection.on('drain', done).on('close', done);
    });
  }
}

const TAIL = Buffer.from('}');
