import WebSocket from 'ws';
import type { Client } from './client.ts';

/** A line to the OC of which a story sees, and can misuse, every message. */
export class RawSocket {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are asserted on, not programmed against
  readonly messages: any[] = [];
  readonly webSocket: WebSocket;
  closed: { code: number; reason: string } | undefined;
  #ids = 0;

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    webSocket.on('message', (data: Buffer) => this.messages.push(JSON.parse(data.toString())));
    webSocket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    webSocket.on('error', () => undefined);
  }

  /** Resolves when the OC has acknowledged it. */
  static async open({ url, credential, headers }: Client): Promise<RawSocket> {
    const webSocket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      // As a browser does: a socket with a cookie comes from a page.
      ...(credential ? {} : { headers, origin: url }),
    });
    const socket = new RawSocket(webSocket);
    await new Promise((resolve, reject) => webSocket.once('open', resolve).once('error', reject));
    const payload = credential && { authorization: `Bearer ${credential}` };
    webSocket.send(JSON.stringify({ type: 'connection_init', ...(payload && { payload }) }));
    await new Promise((resolve) => webSocket.once('message', resolve));
    return socket;
  }

  /** Asks for one operation; answers its id. */
  ask(query: string, variables: object = {}): string {
    const id = String(++this.#ids);
    this.webSocket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
    return id;
  }

  /** What came of that type, for one operation or for all. */
  of(type: string, id?: string) {
    return this.messages.filter(
      (message) => message.type === type && (id === undefined || message.id === id),
    );
  }
}
