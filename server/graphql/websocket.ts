import type { Server } from 'node:http';
import type { ExecutionArgs, GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { credentialEnded, type CredentialWatch } from '../access/credential-watch.ts';
import type { Introspection } from '../config.ts';
import type { Guard } from '../http/guard.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { checkCost } from './cost.ts';
import { mayIntrospect, withoutSuggestions } from './introspection.ts';
import { maskError } from './mask.ts';
import { openSubscription } from './subscription/open.ts';
import { CLOSE_PATIENCE_MS, Line, TRY_AGAIN_LATER, UNAUTHORIZED } from './subscription/line.ts';
import { subscribePushed } from './subscription/pushed.ts';
import type { SharedSubscriptions } from './subscription/shared.ts';
import type { Api, TransportContext } from './yoga.ts';

/** What one socket may ask for: far more than a page of the UI or a manager does. */
const MAX_SUBSCRIPTIONS = 100;
const MAX_MESSAGES_PER_SECOND = 200;

/** What goes with an operation from its message to its execution. */
interface Request {
  enveloped: ReturnType<Api['getEnveloped']>;
  line: Line;
  id: string;
}
const requestOf = ({ rootValue }: ExecutionArgs): Request => rootValue as Request;

export interface WebSocketDeps {
  guard: Guard;
  api: Api;
  shared: SharedSubscriptions;
  credentials: CredentialWatch;
  introspection: Introspection;
  logger: Logger;
  maxPayload: number;
}

/**
 * The API over WebSocket (graphql-transport-ws) on the same path, through the same envelope as HTTP.
 * Returns the function that closes every socket with 1001 "going away".
 */
export function serveWebSockets(
  server: Server,
  { guard, api, shared, credentials, introspection, logger, maxPayload }: WebSocketDeps,
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });
  server.on('upgrade', (request, socket, head) => {
    const refused =
      request.url?.split('?', 1)[0] === '/graphql' ? guard.upgradeRefusal(request) : { status: 404 };
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
  const lines = new WeakMap<WebSocket, Line>();
  const watched = new WeakSet<WebSocket>();
  const explorers = new WeakSet<WebSocket>();
  sockets.on('connection', (webSocket, { socket }) => {
    const line = new Line(webSocket, socket);
    lines.set(webSocket, line);
    limitMessages(webSocket, line);
  });
  const mask = maskError(logger);
  const told = (webSocket: WebSocket, errors: readonly GraphQLError[]) =>
    explorers.has(webSocket) ? errors.map(mask) : errors.map((error) => withoutSuggestions(mask(error)));
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
      onNext: ({ extra }, _id, _payload, _args, result) => {
        lines.get(extra.socket)!.checkBudget();
        return result.errors ? { ...result, errors: told(extra.socket, result.errors) } : undefined;
      },
      onError: ({ extra }, _id, _payload, errors) => told(extra.socket, errors),
      onSubscribe: async ({ connectionParams, extra, subscriptions }, id, payload) => {
        const line = lines.get(extra.socket)!;
        const { query, operationName, variables } = payload;
        if (Object.keys(subscriptions).length > MAX_SUBSCRIPTIONS) {
          const message = `One socket may have at most ${MAX_SUBSCRIPTIONS} operations under way.`;
          return [new AppError('UNAVAILABLE', message)];
        }
        const transport: TransportContext = { req: extra.request, connectionParams };
        const enveloped = api.getEnveloped({ ...transport, params: { query, operationName, variables } });
        try {
          // Before anything of the document is looked at: what is wrong with it is told by who asks.
          const contextValue = await enveloped.contextFactory();
          if (mayIntrospect(introspection, contextValue.principal)) explorers.add(extra.socket);
          if (line.isOpen && !watched.has(extra.socket)) {
            watched.add(extra.socket);
            const release = credentials.watch(contextValue.principal, () => endAll(line, subscriptions));
            extra.socket.once('close', release);
          }
          const document = enveloped.parse(query);
          const errors = enveloped.validate(enveloped.schema, document);
          if (errors.length > 0) return [...errors];
          checkCost(enveloped.schema, document, operationName, variables);
          return {
            schema: enveloped.schema,
            document,
            operationName,
            variableValues: variables,
            contextValue,
            rootValue: { enveloped, line, id },
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

/** Ends all that is under way on the line, and the line, because its credential has ended. */
function endAll(line: Line, subscriptions: Readonly<Record<string, unknown>>): void {
  for (const id of Object.keys(subscriptions)) {
    line.write(JSON.stringify({ id, type: 'error', payload: [credentialEnded()] }));
  }
  line.cutOff(UNAUTHORIZED, 'The credential has ended');
}

/** Cuts a line off whose client asks faster than any that means well. */
function limitMessages(webSocket: WebSocket, line: Line): void {
  let second = 0;
  let messages = 0;
  webSocket.on('message', () => {
    const now = Math.floor(performance.now() / 1000);
    messages = now === second ? messages + 1 : 1;
    second = now;
    if (messages > MAX_MESSAGES_PER_SECOND) line.cutOff(TRY_AGAIN_LATER, 'Too many messages');
    else line.checkBudget();
  });
}
