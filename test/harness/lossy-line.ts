import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import WebSocket, { WebSocketServer } from 'ws';

/**
 * What becomes of a request: never arrives; arrives and its answer does not; arrives twice; arrives when its sender has
 * given it up and sent others.
 */
const OF_REQUESTS = ['lost', 'unanswered', 'doubled', 'late'] as const;
/**
 * What becomes of a message on a WebSocket: lost, and the line with it, for what is under it loses nothing else; comes
 * twice; comes after the one behind it.
 */
const OF_MESSAGES = ['cut', 'twice', 'swapped'] as const;
export type Fault = (typeof OF_REQUESTS)[number] | (typeof OF_MESSAGES)[number];

/** How long a message is held back for one that may overtake it, milliseconds. */
const HELD_MS = 50;

/** One in five, at random, and each kind of fault in its turn; of several lines each begins with another. */
class Fate<Kind extends string> {
  #turn = Math.floor(Math.random() * 5);
  #struck: number;
  #count = 0;

  constructor(
    private readonly kinds: readonly Kind[],
    line: number,
  ) {
    this.#struck = line;
  }

  next(): Kind | null {
    if (this.#count === 5) [this.#turn, this.#count] = [Math.floor(Math.random() * 5), 0];
    return this.#count++ === this.#turn ? this.kinds[this.#struck++ % this.kinds.length]! : null;
  }
}

/** A line between one manager and its OC on which a fifth of what is said is lost, doubled or late. */
export class LossyLine {
  readonly faults = new Map<Fault, number>();
  readonly #oc: string;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });
  readonly #sockets = new WebSocketServer({
    server: this.#server,
    handleProtocols: () => 'graphql-transport-ws',
  });
  static #opened = 0;
  readonly #requests = new Fate(OF_REQUESTS, LossyLine.#opened);
  readonly #messages = new Fate(OF_MESSAGES, LossyLine.#opened++);
  /** Requests that come later. */
  #late: (() => Promise<unknown>)[] = [];
  #lossy = true;

  private constructor(oc: string) {
    this.#oc = oc;
    this.#sockets.on('connection', (manager) => this.#join(manager));
  }

  static async open(oc: string): Promise<LossyLine> {
    const line = new LossyLine(oc);
    await new Promise<void>((resolve) => line.#server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on all arrives. */
  mend(): void {
    this.#lossy = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { authorization } = request.headers;
    let body = '';
    for await (const part of request) body += String(part);
    const forward = async () => {
      const answer = await fetch(`${this.#oc}${request.url}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
        body,
      });
      return { status: answer.status, text: await answer.text() };
    };
    const fault = this.#strike(this.#requests);
    if (fault === 'lost') return void response.destroy();
    if (fault === 'late') {
      this.#late.push(forward);
      return void response.destroy();
    }
    const [{ status, text }] = await Promise.all([forward(), ...(fault === 'doubled' ? [forward()] : [])]);
    if (fault === 'unanswered') response.destroy();
    else response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    for (const late of this.#late.splice(0)) await late();
  }

  #join(manager: WebSocket): void {
    const oc = new WebSocket(`${this.#oc.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const end = () => [manager, oc].forEach((socket) => socket.terminate());
    for (const socket of [manager, oc]) socket.on('close', end).on('error', end);
    const opened = new Promise((resolve) => oc.once('open', resolve));
    manager.on('message', (data) => void opened.then(() => oc.send(String(data))));
    let held: string | null = null;
    const release = () => {
      if (held !== null && manager.readyState === WebSocket.OPEN) manager.send(held);
      held = null;
    };
    oc.on('message', (data) => {
      const text = String(data);
      const { type } = JSON.parse(text) as { type: string };
      const fault = type === 'next' ? this.#strike(this.#messages) : null;
      if (fault === 'cut') return end();
      if (fault === 'swapped' && held === null) {
        held = text;
        return void setTimeout(release, HELD_MS);
      }
      manager.send(text);
      if (fault === 'twice') manager.send(text);
      release();
    });
  }

  #strike<Kind extends Fault>(fate: Fate<Kind>): Kind | null {
    const fault = this.#lossy ? fate.next() : null;
    if (fault) this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    return fault;
  }
}
