import type { Server, ServerOptions } from 'node:http';

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
 * and the disk stay within reach. Not counted by address: behind a proxy everybody has the proxy's.
 */
export function limitConnections(server: Server): void {
  server.maxConnections = 16_384;
}
