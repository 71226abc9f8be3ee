import type { Server } from 'node:http';
import { type ExecutionArgs } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { refusal } from '../http/guard.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { maskError } from './mask.ts';
import { openSubscription } from './subscription/open.ts';
import { TRY_AGAIN_LATER, subscribePushed, type Line } from './subscription/pushed.ts';
import type { SharedSubscriptions } from './subscription/shared.ts';
import type { Api, TransportContext } from './yoga.ts';

/** How long a client has to answer that its socket is closed. */
const CLOSE_PATIENCE_MS = 1000;

/** What one socket may ask for: far more than a page of the UI or a manager does. */
const MAX_SUBSCRIPTIONS = 100;
const MAX_MESSAGES_PER_SECOND = 200;
/** Bytes that may wait on a socket before the client is told to come back later. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** What goes with an operation from its message to its execution. */
interface Request {
  enveloped: ReturnType<Api['getEnveloped']>;
  line: Line;
  id: string;
}
const requestOf = ({ rootValue }: ExecutionArgs): Request => rootValue as Request;

/**
 * The API over WebSocket (graphql-transport-ws) on the same path, through the same envelope as HTTP.
 * Returns the function that closes every socket with 1001 "going away".
 */
export function serveWebSockets(
  server: Server,
  { api, shared }: { api: Api; shared: SharedSubscriptions },
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
  sockets.on('connection', limitSocket);
  const mask = maskError(logger);
  const { dispose } = useServer(
    {
      execute: (args: ExecutionArgs) => requestOf(args).enveloped.execute(args),
      subscribe: async (args: ExecutionArgs) => {
        const opened = await openSubscription(args, mask);
        if (opened.kind === 'refused') return { errors: opened.errors };
        if (opened.kind === 'single') return opened.results;
        const { line, id } = requestOf(args);
        return subscribePushed(shared, opened.shareable, line, id);
      },
      onError: (_context, _id, _payload, errors) => errors.map(mask),
      onSubscribe: async ({ connectionParams, extra, subscriptions }, id, payload) => {
        const { query, operationName, variables } = payload;
        if (Object.keys(subscriptions).length > MAX_SUBSCRIPTIONS) {
          const message = `One socket may have at most ${MAX_SUBSCRIPTIONS} operations under way.`;
          return [new AppError('UNAVAILABLE', message)];
        }
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
            rootValue: { enveloped, line: { webSocket: extra.socket, connection: extra.request.socket }, id },
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

/** Closes a socket whose client asks faster, or listens slower, than any that means well. */
function limitSocket(webSocket: WebSocket): void {
  let second = 0;
  let messages = 0;
  webSocket.on('message', () => {
    const now = Math.floor(performance.now() / 1000);
    messages = now === second ? messages + 1 : 1;
    second = now;
    if (messages > MAX_MESSAGES_PER_SECOND) webSocket.close(TRY_AGAIN_LATER, 'Too many messages');
    else if (webSocket.bufferedAmount > MAX_WAITING_BYTES) webSocket.close(TRY_AGAIN_LATER, 'Too slow');
  });
}
