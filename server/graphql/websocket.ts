import type { Server } from 'node:http';
import { type ExecutionArgs } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { refusal } from '../http/guard.ts';
import type { Logger } from '../platform/log.ts';
import { maskError } from './mask.ts';
import type { Api, TransportContext } from './yoga.ts';

/** How long a client has to answer that its socket is closed. */
const CLOSE_PATIENCE_MS = 1000;

type Enveloped = ReturnType<Api['getEnveloped']>;

/**
 * The API over WebSocket (graphql-transport-ws) on the same path, through the same envelope as HTTP.
 * Returns the function that closes every socket with 1001 "going away".
 */
export function serveWebSockets(
  server: Server,
  api: Api,
  logger: Logger,
  maxPayload: number,
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });
  server.on('upgrade', (request, socket, head) => {
    const refused = request.url?.split('?', 1)[0] === '/graphql' ? refusal(request) : { status: 404 };
    if (refused) {
      // Node no longer listens for errors of a socket that asks for an upgrade; a reset would end the process.
      socket.on('error', () => socket.destroy());
      socket.end(`HTTP/1.1 ${refused.status} Refused\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      sockets.emit('connection', webSocket, request),
    );
  });
  const mask = maskError(logger);
  const { dispose } = useServer(
    {
      execute: (args: ExecutionArgs) => (args.rootValue as Enveloped).execute(args),
      subscribe: (args: ExecutionArgs) => (args.rootValue as Enveloped).subscribe(args),
      onError: (_context, _id, _payload, errors) => errors.map(mask),
      onSubscribe: async ({ connectionParams, extra }, _id, { query, operationName, variables }) => {
        const transport: TransportContext = { req: extra.request, connectionParams };
        const enveloped = api.getEnveloped({ ...transport, params: { query, operationName, variables } });
        try {
          const document = enveloped.parse(query);
          const errors = enveloped.validate(enveloped.schema, document);
          if (errors.length > 0) return errors.map(mask);
          return {
            schema: enveloped.schema,
            document,
            operationName,
            variableValues: variables,
            contextValue: await enveloped.contextFactory(),
            rootValue: enveloped,
          };
        } catch (error) {
          // A thrown error would close the whole socket; this ends the one subscription with a reason.
          return [mask(error)];
        }
      },
    },
    sockets,
    12_000,
  );
  return async () => {
    // A peer that sleeps does not answer the close; it is not waited for.
    const timer = setTimeout(() => {
      for (const webSocket of sockets.clients) webSocket.terminate();
    }, CLOSE_PATIENCE_MS);
    await dispose();
    clearTimeout(timer);
  };
}
