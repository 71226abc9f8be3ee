import type { IncomingMessage } from 'node:http';
import type { parse } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { CredentialWatch } from '../access/credential-watch.ts';
import type { Principal } from '../access/principal.ts';
import type { Context } from './context.ts';
import type { Deps } from '../deps.ts';
import { checkDepth } from './depth.ts';
import { examples } from './examples.ts';
import { maskError } from './mask.ts';
import { schema } from './schema.ts';
import { subscribePulled } from './subscription/pulled.ts';
import { SharedSubscriptions } from './subscription/shared.ts';

interface ParseHook {
  parseFn: typeof parse;
  setParseFn: (parseFn: typeof parse) => void;
}

/** What the transports hand over: an HTTP request, or the parameters that a WebSocket began with. */
export interface TransportContext {
  request?: Request;
  req?: IncomingMessage;
  connectionParams?: Record<string, unknown> | undefined;
  /** Who asks, where that is known already. */
  principal?: Principal;
  /** Called when the answer tells of an error. */
  onFault?: () => void;
}

/** The API over HTTP and SSE, with GraphiQL for browsers. The WebSocket transport executes through it too. */
export function createApi(
  deps: Deps,
  shared = new SharedSubscriptions(),
  credentials = new CredentialWatch(deps),
) {
  const mask = maskError(deps.logger);
  return createYoga<TransportContext, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    logging: false,
    maskedErrors: { maskError: mask },
    plugins: [
      {
        onSubscribe: ({ setSubscribeFn }: { setSubscribeFn: (subscribe: unknown) => void }) =>
          setSubscribeFn(subscribePulled(shared, credentials, mask)),
      },
      {
        onParse: ({ parseFn, setParseFn }: ParseHook) =>
          setParseFn((source, options) => {
            checkDepth(source);
            return parseFn(source, { ...options, maxTokens: MAX_TOKENS });
          }),
      },
      {
        // Errors of documents and requests do not pass through execution: they get their code on the way out.
        onResultProcess: ({ result, setResult, serverContext }) => {
          if (!('errors' in result && result.errors)) return;
          setResult({ ...result, errors: result.errors.map(mask) });
          serverContext.onFault?.();
        },
      } satisfies Plugin<Context, TransportContext>,
    ],
    // Five megabytes that most servers are never asked for.
    renderGraphiQL: async (options) =>
      (await import('@graphql-yoga/render-graphiql')).renderGraphiQL(options),
    graphiql: { title: 'Operations Center API', defaultQuery: examples },
    context: async ({ request, req, connectionParams, principal }) => {
      const peer = req && deps.peerOf(req);
      const caller = {
        from: peer?.address ?? '',
        userAgent: req?.headers['user-agent'] ?? null,
      };
      try {
        principal ??= await deps.authenticate(authorizationOf(request, connectionParams));
      } catch (error) {
        await deps.denials.note({ ...caller, principal: { kind: 'anonymous' } }, 'authenticate', error);
        throw error;
      }
      const origin = `${peer?.secure ? 'https' : 'http'}://${req?.headers.host}`;
      return { deps, ...caller, principal, origin };
    },
  });
}

/** Several times what the longest document of the UI has. */
export const MAX_TOKENS = 4000;

export type Api = ReturnType<typeof createApi>;

function authorizationOf(
  request: Request | undefined,
  params: Record<string, unknown> | undefined,
): string | undefined {
  const fromSocket = params?.['authorization'];
  // Whatever is no text is no credential either.
  if (fromSocket !== undefined) return typeof fromSocket === 'string' ? fromSocket : '';
  return request?.headers.get('authorization') ?? undefined;
}
