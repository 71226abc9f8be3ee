import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { OwnedBus } from '../platform/bus.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { isChunked, textOf } from './body.ts';
import { apiRefusal, bodyTooLarge, type Guard, type Refusal } from './guard.ts';
import { setSecurityHeaders } from './headers.ts';
import { serveUi } from './ui.ts';

export interface Routes {
  guard: Guard;
  api: RequestListener;
  /** Sends the audit log. */
  auditExport: RequestListener;
  prisma: PrismaClient;
  bus: Pick<OwnedBus, 'state'>;
  /** Folder of the built UI. */
  uiDir: string;
  maxBodyBytes: number;
}

/** `/graphql` is the API, `/healthz` and `/readyz` are for who watches the process, everything else is the UI. */
export function createRouter({
  guard,
  api,
  auditExport,
  prisma,
  bus,
  uiDir,
  maxBodyBytes,
}: Routes): RequestListener {
  const ui = serveUi(uiDir, (response) => json(response, 404, { error: 'There is nothing here.' }));
  return (request, response) => {
    setSecurityHeaders(response, guard.isSecure(request));
    const path = request.url?.split('?', 1)[0];
    // Probes come by an address, whatever the server is called, and are told nothing else.
    if (path === '/healthz') return json(response, 200, { status: 'ok' });
    if (path === '/readyz') return void ready(prisma, bus, response);
    const refused = guard.refusal(request) ?? refusalOf(request, path === '/graphql', maxBodyBytes);
    if (refused) return refuse(request, response, refused);
    if (path !== '/graphql' && path !== '/audit.jsonl') return ui(request, response);
    // Answers are for who asked, and for now.
    response.setHeader('Cache-Control', 'no-store');
    if (path === '/audit.jsonl') auditExport(request, response);
    else if (isChunked(request)) void takeIn(request, response, api, maxBodyBytes);
    else api(request, response);
  };
}

function refusalOf(request: IncomingMessage, isApi: boolean, maxBodyBytes: number): Refusal | undefined {
  if (isApi) return apiRefusal(request, maxBodyBytes);
  const reads = request.method === 'GET' || request.method === 'HEAD';
  return reads ? undefined : { status: 405, message: 'Pages can only be read.' };
}

/** Hands a request on whose length nobody knows, once its body is there and is not too long. */
async function takeIn(
  request: IncomingMessage,
  response: ServerResponse,
  api: RequestListener,
  maxBytes: number,
): Promise<void> {
  try {
    const body = await textOf(request, maxBytes);
    if (body === undefined) return refuse(request, response, bodyTooLarge(maxBytes));
    api(Object.assign(request, { body }), response);
  } catch {
    // The client went away in the middle.
    response.destroy();
  }
}

/** Without the bus everything works, only later: a server whose bus is degraded stays in service. */
async function ready(prisma: PrismaClient, bus: Routes['bus'], response: ServerResponse): Promise<void> {
  try {
    await prisma.$queryRaw`SELECT 1`;
    const degraded = bus.state() === 'ok' ? [] : ['bus'];
    json(response, 200, degraded.length === 0 ? { status: 'ready' } : { status: 'degraded', degraded });
  } catch {
    json(response, 503, { status: 'unavailable', reason: 'The database does not answer.' });
  }
}

/** In the shape of a GraphQL answer, so that clients have one kind of error. */
function refuse(request: IncomingMessage, response: ServerResponse, { status, message }: Refusal): void {
  // What is left of the body is thrown away: a client that is still sending it would not hear of a refusal otherwise.
  request.resume();
  json(response, status, {
    errors: [{ message, extensions: { code: status === 403 ? 'FORBIDDEN' : 'INVALID' } }],
  });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
  response.writeHead(status, headers).end(JSON.stringify(body));
}
