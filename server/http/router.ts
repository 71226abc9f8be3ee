import { existsSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import sirv from 'sirv';
import type { OwnedBus } from '../platform/bus.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { apiRefusal, refusal, type Refusal } from './guard.ts';

export interface Routes {
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
  api,
  auditExport,
  prisma,
  bus,
  uiDir,
  maxBodyBytes,
}: Routes): RequestListener {
  // `dev` looks at the files at each request: a build may replace them under a running server.
  const ui = existsSync(uiDir) ? sirv(uiDir, { single: true, dev: true }) : uiMissing;
  return (request, response) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('X-Frame-Options', 'DENY');
    response.setHeader('Referrer-Policy', 'no-referrer');
    const path = request.url?.split('?', 1)[0];
    const refused = refusal(request) ?? (path === '/graphql' ? apiRefusal(request, maxBodyBytes) : undefined);
    if (refused) refuse(request, response, refused);
    else if (path === '/graphql') api(request, response);
    else if (path === '/audit.jsonl') auditExport(request, response);
    else if (path === '/healthz') json(response, 200, { status: 'ok' });
    else if (path === '/readyz') void ready(prisma, bus, response);
    else ui(request, response, () => json(response, 404, { error: 'There is nothing here.' }));
  };
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
  // What is left of the body will not be read: the connection cannot be used again.
  if (!request.complete) response.setHeader('Connection', 'close');
  json(response, status, {
    errors: [{ message, extensions: { code: status === 403 ? 'FORBIDDEN' : 'INVALID' } }],
  });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

const uiMissing = (_request: IncomingMessage, response: ServerResponse): void => {
  response
    .writeHead(503, { 'Content-Type': 'text/plain' })
    .end('The UI is not built: run `npm run build`.\n');
};
