import { IncomingMessage, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import {
  NoSchemaIntrospectionCustomRule,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type parse,
} from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { CredentialWatch } from '../access/credential-watch.ts';
import { deviceIn } from '../access/device.ts';
import type { Principal } from '../access/principal.ts';
import type { Introspection } from '../config.ts';
import { ByteLru } from '../platform/byte-lru.ts';
import { AppError } from '../platform/errors.ts';
import type { Context } from './context.ts';
import { checkCost } from './cost.ts';
import type { Deps } from '../deps.ts';
import { noteDenials, type Denial } from './denials.ts';
import { GRAPHIQL, graphiqlHeaders, renderGraphiQL } from './graphiql.ts';
import { mayIntrospect, withoutSuggestions } from './introspection.ts';
import { checkDocument } from './limits.ts';
import { maskError } from './mask.ts';
import { schema } from './schema.ts';
import { PlainMutations } from './plain-mutation.ts';
import { CLOSE_PATIENCE_MS } from './subscription/line.ts';
import { subscribePulled } from './subscription/pulled.ts';
import { SharedSubscriptions } from './subscription/shared.ts';

type RequestParser = Parameters<Parameters<NonNullable<Plugin['onRequestParse']>>[0]['setRequestParser']>[0];

interface ParseHook {
  parseFn: typeof parse;
  setParseFn: (parseFn: typeof parse) => void;
}

/** What the transports hand over: an HTTP request, or the parameters that a WebSocket began with. */
export interface TransportContext {
  request?: Request;
  req?: IncomingMessage;
  connectionParams?: Record<string, unknown> | undefined;
  /** Who asks, once that is known. */
  principal?: Principal;
  /** Why the request cannot be served at all, where that is known already: it is told in the API's words. */
  failure?: unknown;
  /** Called when the answer tells of an error. */
  onFault?: () => void;
  /** See {@link Context.denied}. */
  denied?: Denial[];
  /** The answer, over HTTP. */
  res?: ServerResponse;
}

/** The API over HTTP and SSE, with GraphiQL for browsers. The WebSocket transport executes through it too. */
export function createApi(
  deps: Deps,
  shared = new SharedSubscriptions(),
  credentials = new CredentialWatch(deps),
  introspection: Introspection = 'authenticated',
) {
  const mask = maskError(deps.logger);
  const cookies = new WeakMap<Request, string[]>();
  const mutations = new PlainMutations();
  const mayExplore = ({ principal }: { principal?: Principal }) => mayIntrospect(introspection, principal);
  const principalOf = async (transport: TransportContext): Promise<Principal> => {
    const { request, req, connectionParams, principal } = transport;
    try {
      return principal ?? (await deps.authenticate(credentialsOf(request ?? req, connectionParams)));
    } catch (error) {
      const { from } = contextOf(deps, req, ANONYMOUS);
      await deps.denials.note({ from, principal: ANONYMOUS }, 'authenticate', error);
      throw error;
    }
  };
  return createYoga<TransportContext, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    logging: false,
    maskedErrors: { maskError: mask },
    parserAndValidationCache: { documentCache: documents(), errorCache: NOTHING_KEPT },
    plugins: [
      {
        onRequestParse: ({ requestParser, setRequestParser }) => {
          if (requestParser) setRequestParser(typed(requestParser));
        },
        // Before anything of the document is looked at: what is wrong with it is told by who asks.
        onParams: async ({ request, context, setResult }) => {
          try {
            context.principal = await principalOf({ ...context, request });
          } catch (error) {
            setResult({ errors: [mask(error)] });
          }
        },
        onParse: ({ parseFn, setParseFn }: ParseHook) =>
          setParseFn((source, options) => {
            checkDocument(source);
            return parseFn(source, options);
          }),
        onValidate: ({ context, addValidationRule }) => {
          if (!mayExplore(context)) addValidationRule(NoSchemaIntrospectionCustomRule);
        },
        onExecute: ({ args, executeFn, setExecuteFn, setResultAndStopExecution }) => {
          const errors = tooCostly(args);
          if (errors) setResultAndStopExecution({ errors });
          else
            setExecuteFn(
              (given: ExecutionArgs) => mutations.execute(given) ?? (executeFn(given) as ExecutionResult),
            );
          return {
            onExecuteDone: ({ result }) =>
              'errors' in result ? noteDenials(args, result.errors) : undefined,
          };
        },
        onSubscribe: ({ args, setSubscribeFn, setResultAndStopExecution }) => {
          const errors = tooCostly(args);
          if (errors) setResultAndStopExecution({ errors });
          else setSubscribeFn(subscribePulled(shared, credentials, mask));
        },
        // Errors of documents and requests do not pass through execution: they get their code on the way out.
        onResultProcess: ({ result, setResult, serverContext }) => {
          if (!('errors' in result && result.errors)) return;
          const errors = result.errors.map(mask);
          setResult({
            ...result,
            errors: mayExplore(serverContext) ? errors : errors.map(withoutSuggestions),
          });
          serverContext.onFault?.();
        },
        onResponse: ({ request, response }) => {
          for (const cookie of cookies.get(request) ?? []) response.headers.append('set-cookie', cookie);
        },
      } satisfies Plugin<Context, TransportContext>,
      graphiqlHeaders,
    ],
    renderGraphiQL,
    graphiql: async (request, context) => {
      const principal = await principalOf({ ...context, request }).catch(() => undefined);
      return mayIntrospect(introspection, principal) && GRAPHIQL;
    },
    context: async (transport) => {
      if (transport.failure !== undefined) throw transport.failure;
      const { request, req, res, denied } = transport;
      const principal = await principalOf(transport);
      const setCookie =
        request && ((cookie: string) => void cookies.set(request, [...(cookies.get(request) ?? []), cookie]));
      return { ...contextOf(deps, req, principal), setCookie, denied, hangUp: res && (() => hangUp(res)) };
    },
  });
}

export type Api = ReturnType<typeof createApi>;

/** What resolvers see of a request. */
export function contextOf(deps: Deps, request: IncomingMessage | undefined, principal: Principal): Context {
  const peer = request && deps.peerOf(request);
  return {
    deps,
    principal,
    from: peer?.address ?? '',
    device: deviceIn(request?.headers.cookie, deps.sessions.secure),
    origin: `${peer?.secure ? 'https' : 'http'}://${request?.headers.host}`,
  };
}

/** Ends the connection of whoever does not take the end of an answer. */
function hangUp(response: ServerResponse): void {
  const patience = setTimeout(() => response.destroy(), CLOSE_PATIENCE_MS);
  response.once('close', () => clearTimeout(patience));
}

const ANONYMOUS: Principal = { kind: 'anonymous' };

/** What is no JSON in a URL is the client's mistake, and nothing of it is repeated. */
const typed =
  (parser: RequestParser): RequestParser =>
  async (request) => {
    try {
      return await parser(request);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new AppError('INVALID', 'The variables are not in JSON.', { http: { status: 400 } });
    }
  };

function tooCostly({ schema, document, operationName, variableValues }: ExecutionArgs) {
  try {
    checkCost(schema, document, operationName, variableValues);
    return undefined;
  } catch (error) {
    return [error as AppError];
  }
}

/** Documents that were parsed, which take a hundred times the memory of their text; used by text, dropped by size. */
function documents() {
  const kept = new ByteLru<DocumentNode>(64 * 1024 * 1024);
  return {
    get: (text: string) => kept.get(text),
    set: (text: string, document: DocumentNode) => kept.set(text, document, 100 * text.length),
  };
}

/** Of what was wrong: it is as cheap to refuse again. */
const NOTHING_KEPT = { get: () => undefined, set: () => undefined };

/** What says who asks. A WebSocket's are the headers that it began with, and what its first message says. */
function credentialsOf(
  request: Request | IncomingMessage | undefined,
  params: Record<string, unknown> | undefined,
): Pick<IncomingHttpHeaders, 'authorization' | 'cookie'> {
  const header = (name: 'authorization' | 'cookie') =>
    request instanceof IncomingMessage ? request.headers[name] : (request?.headers.get(name) ?? undefined);
  const told = params?.['authorization'];
  // Whatever is no text is no credential either.
  const authorization = told === undefined ? header('authorization') : typeof told === 'string' ? told : '';
  return { authorization, cookie: header('cookie') };
}
