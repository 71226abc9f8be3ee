import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import type { Backoff } from './backoff.ts';
import { textOf, type ErrorShape, type OcClient } from './client.ts';
import { CommandIssued, type IssuedCommand } from './graphql.ts';
import type { Logger } from './log.ts';
import type { News } from './news.ts';

export interface SubscriptionOptions {
  client: OcClient;
  epoch: number;
  backoff: Backoff;
  /** Tells when the OC answers: then the next attempt is made at once. */
  reachable: News;
  issue(command: IssuedCommand): void;
  /** It was refused or broken off: the lease tells what is now. */
  interrupted(): void;
  log: Logger;
  signal: AbortSignal;
}

/** Silence for which the socket is pinged, and again for the answer, milliseconds. */
const PING_MS = 10_000;
/** Shortest wait between two attempts. */
const MIN_WAIT_MS = 50;

/**
 * Listens for commands until the signal aborts. graphql-ws's own client gives up after some attempts and takes some
 * close codes (4500, 1008, …) for final. A manager never gives up: each connection is one of its own, and after it
 * ended, whatever the close code, there is another one, after a backoff.
 */
export async function listenForCommands(options: SubscriptionOptions): Promise<void> {
  const { backoff, reachable, interrupted, log, signal } = options;
  let told = '';
  while (!signal.aborted) {
    const why = await listenOnce({
      ...options,
      issue: (command) => {
        told = '';
        backoff.reset();
        options.issue(command);
      },
    });
    if (signal.aborted) return;
    if (why !== told) log.info(`the line for commands was interrupted (${why}); trying again`);
    told = why;
    interrupted();
    await reachable.wait(Math.max(MIN_WAIT_MS, backoff.next()), signal);
  }
}

/** Resolves with the reason why the subscription ended; never rejects. */
function listenOnce({ client, epoch, issue, log, signal }: SubscriptionOptions): Promise<string> {
  return new Promise((resolve) => {
    let over = false;
    const end = (why: string) => {
      over = true;
      signal.removeEventListener('abort', abort);
      resolve(why);
      // Of a connection that ended before it was open it says so once more: left alone that would end the manager.
      void Promise.resolve(line.dispose()).catch(() => undefined);
    };
    const abort = () => end('it is over');
    const line = openLine(client, log, (closed) => end(reasonOf(closed)));
    signal.addEventListener('abort', abort);
    line.subscribe<{ commandIssued: IssuedCommand }>(
      { query: textOf(CommandIssued), variables: { epoch } },
      {
        next: ({ data, errors }) => {
          // What an old line still brings may be older than what the next one has brought.
          if (over || signal.aborted) return;
          if (data?.commandIssued) issue(data.commandIssued);
          else if (errors?.[0]) end(errors[0].message);
        },
        error: (error) => end(reasonOf(error)),
        complete: () => end('the OC ended it'),
      },
    );
  });
}

/** A socket that does not wait for ever for an answer to its first words. */
const socketTrusting = (ca: string | null) =>
  class extends WebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol, { handshakeTimeout: PING_MS, perMessageDeflate: false, ...(ca && { ca }) });
    }
  };

/**
 * One connection that notices when the other side is gone without a word.
 * @param closed is told of the end, also of one after which graphql-ws would connect again by itself (code 1000).
 */
function openLine({ url, credential, ca }: OcClient, log: Logger, closed: (event: unknown) => void): Client {
  let socket: WebSocket | undefined;
  let unanswered: NodeJS.Timeout | undefined;
  return createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: socketTrusting(ca),
    connectionParams: { authorization: `Bearer ${credential.current}` },
    retryAttempts: 0,
    connectionAckWaitTimeout: PING_MS,
    keepAlive: PING_MS,
    on: {
      connected: (opened) => {
        socket = opened as WebSocket;
        log.debug('the line for commands is open');
      },
      ping: (received) => {
        if (!received) unanswered = setTimeout(() => socket?.terminate(), PING_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(unanswered);
      },
      closed: (event) => {
        clearTimeout(unanswered);
        closed(event);
      },
    },
  });
}

function reasonOf(error: unknown): string {
  if (Array.isArray(error)) return (error as ErrorShape[]).map(({ message }) => message).join('; ');
  if (error instanceof Error) return error.message || error.name;
  const { code, reason, message } = error as { code?: number; reason?: string; message?: string };
  if (code !== undefined) return ['closed with code', code, reason].filter(Boolean).join(' ');
  return message || 'no connection';
}
