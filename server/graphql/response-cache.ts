import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { scopeOf, type Principal } from '../access/principal.ts';
import { textOf, type WithBody } from '../http/body.ts';
import { ByteLru } from '../platform/byte-lru.ts';
import { isUnavailable } from '../platform/database/unavailable.ts';
import { AppError } from '../platform/errors.ts';
import { SYSTEM_ID } from '../platform/event-log.ts';
import { Prisma } from '../platform/generated/prisma/client.ts';
import { Answers, type Execution } from './answers.ts';
import { checkCost } from './cost.ts';
import type { Deps } from '../deps.ts';
import type { Denial } from './denials.ts';
import { schema } from './schema.ts';
import { ReusableQueries, type ReusableQuery } from './reusable-queries.ts';
import { contextOf, type Api } from './yoga.ts';

/** Above this a request is a report, or the answer to it worth its own execution. */
const LARGEST_BODY = 64 * 1024;

/**
 * The API over HTTP with its answers kept: a query is parsed, executed and serialised once for each state of the
 * system, whoever of the same scope asks, however often. What is no such query goes on to the API as it came.
 */
export function withResponseCache(api: Api, deps: Deps): RequestListener {
  const { readJson, authenticate, logger } = deps;
  const queries = new ReusableQueries(schema);
  // Beside the head: the system's name changes without an event, when a server starts under another one, and the log's
  // beginning when it is shortened.
  const answers = new Answers(async () => {
    const head = await readJson<unknown[]>(Prisma.sql`
      SELECT json_build_array(revision::text, mark, name, (SELECT min(revision) FROM event)::text)
      FROM system WHERE id = ${SYSTEM_ID}`);
    return head.join('\n');
  });

  function reusable({ query, operationName }: Question): ReusableQuery | undefined {
    if (typeof query !== 'string') return undefined;
    if (operationName != null && typeof operationName !== 'string') return undefined;
    return queries.get(query, operationName || undefined);
  }

  const types = new ByteLru<string>(64 * 1024);

  /**
   * Executes without the API and the request that it makes of this one, which is most of the work for a short answer.
   * Undefined where the API has something to say of its own: an error, or which type of answer goes with this `accept`.
   * @throws whatever says that the database is not there: it is not asked again, each try waits as long as one may
   */
  async function executePlainly(
    request: IncomingMessage,
    principal: Principal,
    { document, execute }: ReusableQuery,
    { operationName, variables, query: _query, ...more }: Question,
  ): Promise<Execution | undefined> {
    const type = types.get(request.headers.accept ?? '');
    const inputs = variables ?? {};
    if (!execute || type === undefined || !isRecord(inputs) || Object.keys(more).length > 0) return undefined;
    let data;
    try {
      checkCost(schema, document, operationName as string | null | undefined, inputs);
      data = await execute(contextOf(deps, request, principal), inputs);
    } catch (error) {
      if (isUnavailable(error) || (error instanceof AppError && error.extensions['code'] === 'UNAVAILABLE'))
        throw error;
      return undefined;
    }
    const body = JSON.stringify({ data });
    const headers = { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) };
    return { status: 200, headers, body, failed: false };
  }

  async function executeByApi(
    request: IncomingMessage,
    principal: Principal,
    body?: string,
  ): Promise<Execution> {
    let failed = false;
    const denied: Denial[] = [];
    const { accept, 'content-type': contentType } = request.headers;
    const made = await api.fetch(
      `http://${request.headers.host}${request.url}`,
      {
        method: request.method!,
        headers: { ...(accept && { accept }), ...(contentType && { 'content-type': contentType }) },
        ...(body !== undefined && { body }),
      },
      { principal, denied, onFault: () => (failed = true) },
    );
    const text = await made.text();
    const headers: Record<string, string> = {
      // They are named as whoever set them wrote them: Content-Type.
      ...Object.fromEntries([...made.headers].map(([name, value]) => [name.toLowerCase(), value])),
      'content-length': String(Buffer.byteLength(text)),
    };
    const { 'content-type': type } = headers;
    if (!failed && made.status === 200 && type) types.set(accept ?? '', type, type.length);
    return { status: made.status, headers, body: text, denied, failed: failed || made.status !== 200 };
  }

  async function serve(request: WithBody, response: ServerResponse): Promise<void> {
    const body = request.method === 'POST' ? await textOf(request, LARGEST_BODY) : undefined;
    const question = body === undefined ? askedByUrl(request.url!) : askedByBody(body);
    // The body has been read: it goes on parsed, or as it is when it is no object.
    Object.assign(request, { body: Object.keys(question).length > 0 ? question : body });
    const query = reusable(question);
    if (!query) return void api(request, response);
    const { accept, authorization, cookie, 'content-type': type } = request.headers;
    let answer;
    try {
      const principal = await authenticate({ authorization, cookie });
      const key = [scopeOf(principal), request.method, request.url, type, accept, body].join('\n');
      answer = await answers.get(
        key,
        async () =>
          (body !== undefined && (await executePlainly(request, principal, query, question))) ||
          executeByApi(request, principal, body),
      );
      const caller = contextOf(deps, request, principal);
      for (const denial of answer.denied ?? [])
        await deps.denials.note(caller, denial.action, denial.error, denial);
    } catch (failure) {
      // Who asks is not known, or the database is not there. The API has the words for it, and does not try again.
      return void api(request, response, { failure });
    }
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  return (request, response) => {
    if (!mayBeQuery(request)) return void api(request, response);
    serve(request, response).catch((error: unknown) => {
      logger.debug({ err: error }, 'the client went away');
      response.destroy();
    });
  };
}

/** What decides whether an answer can be reused. */
interface Question {
  query?: unknown;
  operationName?: unknown;
  variables?: unknown;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** By what stands in the head of a request. Pages (GraphiQL) and streams of events are the API's own business. */
function mayBeQuery({ method, headers, body }: WithBody): boolean {
  if (/text\/|multipart\//.test(headers.accept ?? '')) return false;
  const length = Number(headers['content-length']);
  return (
    method === 'GET' || body !== undefined || (method === 'POST' && length > 0 && length <= LARGEST_BODY)
  );
}

function askedByUrl(url: string): Question {
  const parameters = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  return { query: parameters.get('query'), operationName: parameters.get('operationName') };
}

function askedByBody(body: string): Question {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
