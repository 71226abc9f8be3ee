import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** Where a transaction is held: nothing passes on its connection any more. */
export type Moment = 'before its statement' | 'before its COMMIT' | 'after its COMMIT, before the answer';

/**
 * Stands between the OC and PostgreSQL and passes everything on, until a transaction is named by a text that one of
 * its statements carries: that one it holds at the given moment. So a server can be ended exactly there.
 */
export class PostgresProxy {
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #wanted: { text: string; moment: Moment; reached: () => void } | undefined;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((client) => this.#serve(client));
  }

  /** @param url of the database that it stands before */
  static async start(url: string): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(new URL(url));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const url = new URL(this.#target);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /** Resolves when the next transaction with that text is held. One is held at a time. */
  hold(text: string, moment: Moment): Promise<void> {
    return new Promise((reached) => (this.#wanted = { text, moment, reached }));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(client: Socket): void {
    const upstream = connect(Number(this.#target.port), this.#target.hostname);
    let named = false;
    let held = false;
    const hold = (): void => {
      held = true;
      this.#wanted?.reached();
      this.#wanted = undefined;
    };
    // A message of some hundred bytes comes in one piece on the loopback interface.
    client.on('data', (data) => {
      const { text, moment } = this.#wanted ?? {};
      if (data.includes('BEGIN\0')) named = false;
      if (text && data.includes(text)) named = true;
      if (named && moment === 'before its statement') hold();
      if (named && moment === 'before its COMMIT' && data.includes('COMMIT\0')) hold();
      if (!held) upstream.write(data);
    });
    upstream.on('data', (data) => {
      const after = this.#wanted?.moment === 'after its COMMIT, before the answer';
      if (named && after && data.includes('COMMIT\0')) hold();
      if (!held) client.write(data);
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
