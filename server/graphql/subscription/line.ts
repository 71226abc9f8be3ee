import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Bytes that may wait on a line before what it subscribed to is held back, to be told later as one. */
const HIGH_WATER_BYTES = 64 * 1024;
/** Bytes that may wait on a line in all, answers to queries among them. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** A line that takes nothing for so long, milliseconds, is cut off. */
const STALL_MS = 10_000;
/** How long a client has to answer that its socket is closed. */
export const CLOSE_PATIENCE_MS = 1000;

/** "Try again later": clients connect again and go on from their revision. */
export const TRY_AGAIN_LATER = 1013;
/** The credential is no good any more: clients connect again with another one, or not at all. */
export const UNAUTHORIZED = 4401;

/** The socket of one client, and the connection below it. */
export class Line {
  readonly #webSocket: WebSocket;
  readonly #connection: Socket;
  #drained: Promise<void> | undefined;

  constructor(webSocket: WebSocket, connection: Socket) {
    this.#webSocket = webSocket;
    this.#connection = connection;
  }

  get isOpen(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN;
  }

  /** More waits on it than should. */
  get isFull(): boolean {
    return this.#webSocket.bufferedAmount > HIGH_WATER_BYTES;
  }

  /**
   * Writes one message, of one piece or several. All that is written in one turn of the event loop goes out in one write.
   */
  write(...pieces: (string | Buffer)[]): void {
    if (!this.isOpen) return;
    this.#connection.cork();
    process.nextTick(() => this.#connection.uncork());
    const last = pieces.length - 1;
    for (const [index, piece] of pieces.entries())
      this.#webSocket.send(piece, { binary: false, fin: index === last });
  }

  /** Resolves when nothing waits on it any more or it is closed; one that takes nothing for long is cut off. */
  drained(): Promise<void> {
    this.#drained ??= new Promise((resolve) => {
      let before = this.#taken;
      const stalled = setInterval(() => {
        if (this.#taken === before) this.cutOff(TRY_AGAIN_LATER, 'Too slow');
        before = this.#taken;
      }, STALL_MS);
      const done = () => {
        clearInterval(stalled);
        this.#connection.off('drain', done).off('close', done);
        this.#drained = undefined;
        resolve();
      };
      this.#connection.on('drain', done).on('close', done);
    });
    return this.#drained;
  }

  /** Bytes that the connection has taken of what was written to it. */
  get #taken(): number {
    return this.#connection.bytesWritten - this.#connection.writableLength;
  }

  /** To be called wherever something is sent that cannot be held back. */
  checkBudget(): void {
    if (this.#webSocket.bufferedAmount > MAX_WAITING_BYTES) this.cutOff(TRY_AGAIN_LATER, 'Too slow');
  }

  /** Closes it and listens no more: neither to what is on its way, nor for long to hear that it is closed. */
  cutOff(code: number, reason: string): void {
    if (!this.isOpen) return;
    const webSocket = this.#webSocket;
    webSocket.removeAllListeners('message');
    webSocket.close(code, reason);
    webSocket.pause();
    const patience = setTimeout(() => webSocket.terminate(), CLOSE_PATIENCE_MS);
    webSocket.once('close', () => clearTimeout(patience));
  }
}
