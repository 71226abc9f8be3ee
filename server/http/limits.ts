import type { Server, ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import { placeOf } from '../access/throttle.ts';
import type { Logger } from '../platform/log.ts';
import { plainAddress } from './peer.ts';

/**
 * How long a client may take to send what it wants, milliseconds: whoever sends a byte now and then holds a connection
 * no longer. WebSockets and streams of events are not bound by it once they are open.
 */
export const SERVER_OPTIONS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  // Longer than proxies and clients keep theirs: who closes an idle connection first must not be the server, or a
  // request that is just being sent is lost.
  keepAliveTimeout: 75_000,
  maxHeaderSize: 16 * 1024,
} satisfies ServerOptions;

/**
 * Connections at once, whoever's: below the number of files that a process may usually open, so that the database
 * and the disk stay within reach.
 */
const MOST_CONNECTIONS = 16_384;

export interface ConnectionLimits {
  /** How many of them one place may hold (see `placeOf`), so that nobody keeps all others out. */
  perPlace: number;
  /** Behind a proxy is everybody: it may hold as many as there are. */
  isProxy: (address: string) => boolean;
  logger: Logger;
}

/** Ends connections that are too many as they come, before anything is read of them. */
export function limitConnections(server: Server, { perPlace, isProxy, logger }: ConnectionLimits): void {
  server.maxConnections = MOST_CONNECTIONS;
  const held = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? '');
    if (isProxy(address)) return;
    const place = placeOf(address);
    const others = held.get(place) ?? 0;
    if (others === perPlace) {
      logger.debug({ from: address }, 'one address holds too many connections: it gets no more');
      socket.destroy();
      return;
    }
    held.set(place, others + 1);
    socket.once('close', () => {
      const left = held.get(place)! - 1;
      if (left > 0) held.set(place, left);
      else held.delete(place);
    });
  });
}
