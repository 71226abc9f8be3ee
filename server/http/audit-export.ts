import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { auditEntries, BEFORE_ALL, auditWhere, type AuditFilterValue } from '../access/audit/list.ts';
import type { CredentialWatch } from '../access/credential-watch.ts';
import { isOverAll, type Principal } from '../access/principal.ts';
import type { Deps } from '../deps.ts';
import { AuditActor, AuditResult } from '../platform/generated/prisma/enums.ts';
import type { AuditEntryModel } from '../platform/generated/prisma/models.ts';
import { AppError, invalidInput } from '../platform/errors.ts';

type ExportDeps = Pick<Deps, 'prisma' | 'authenticate' | 'denials' | 'peerOf' | 'logger'> & {
  credentials: Pick<CredentialWatch, 'watch'>;
};

/** Who takes nothing for so long, milliseconds, is not waited for. */
const STALL_MS = 60_000;

const STATUS: Record<string, number> = {
  INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  UNAVAILABLE: 503,
};

/**
 * `GET /audit.jsonl`: the audit log for administrators, oldest first, an entry a line, with the filters of `auditLog` in
 * the query (`?action=startOperation&action=abortOperation&since=2026-01-01T00:00:00Z`). It is sent as it is read: no
 * more than a page of it is ever in memory, and who reads slowly is waited for. It is cut off when the right to it ends.
 */
export async function exportAudit(
  deps: ExportDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let release: (() => void) | undefined;
  try {
    const principal = await mustBeAdministrator(deps, request);
    const filter = filterIn(new URL(request.url!, 'http://localhost').searchParams);
    const entries = auditEntries(deps.prisma, BEFORE_ALL, undefined, auditWhere(filter));
    // The first page is read before anything is promised.
    const first = await entries.next();
    response.writeHead(200, {
      'Content-Type': 'application/jsonl; charset=utf-8',
      'Content-Disposition': 'attachment; filename="audit.jsonl"',
    });
    if (request.method === 'HEAD') return void response.end();
    release = deps.credentials.watch(principal, () => response.destroy());
    response.setTimeout(STALL_MS, () => response.destroy());
    await pipeline(Readable.from(linesOf(first, entries)), response);
  } catch (error) {
    refuse(deps, error, response);
  } finally {
    release?.();
  }
}

async function mustBeAdministrator(
  { authenticate, denials, peerOf }: ExportDeps,
  request: IncomingMessage,
): Promise<Principal> {
  let principal: Principal = { kind: 'anonymous' };
  try {
    principal = await authenticate(request.headers);
    if (principal.kind === 'anonymous')
      throw new AppError('UNAUTHENTICATED', 'The audit log needs a log-in.');
    if (!isOverAll(principal, 'ADMINISTRATOR'))
      throw new AppError('FORBIDDEN', 'The audit log is for administrators of the whole system.');
    return principal;
  } catch (error) {
    await denials.note({ from: peerOf(request).address, principal }, 'exportAudit', error);
    throw error;
  }
}

const text = z.string().max(200).optional();
const filters = z.strictObject({
  actor: text,
  actorKind: z.array(z.enum(AuditActor)).optional(),
  action: z.array(z.string().max(200)).max(100).optional(),
  target: text,
  result: z.enum(AuditResult).optional(),
  since: z.iso.datetime({ offset: true }).pipe(z.coerce.date()).optional(),
  until: z.iso.datetime({ offset: true }).pipe(z.coerce.date()).optional(),
});
/** Those that may be given more than once. */
const LISTS = new Set(['actorKind', 'action']);

/** @throws AppError INVALID naming the parameter */
function filterIn(parameters: URLSearchParams): AuditFilterValue {
  const told = [...new Set(parameters.keys())].map((name) => {
    const all = parameters.getAll(name);
    return [name, LISTS.has(name) || all.length > 1 ? all : all[0]];
  });
  const { data, error } = filters.safeParse(Object.fromEntries(told));
  if (data) return data;
  throw invalidInput(
    error.issues.flatMap((issue) => {
      const paths = issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.')];
      return paths.map((path) => ({ path, message: issue.message }));
    }),
  );
}

async function* linesOf(
  first: IteratorResult<AuditEntryModel, void>,
  rest: AsyncGenerator<AuditEntryModel, void, void>,
): AsyncGenerator<string, void, void> {
  if (first.done) return;
  yield lineOf(first.value);
  for await (const entry of rest) yield lineOf(entry);
}

const lineOf = ({ sequence, hash, ...facts }: AuditEntryModel): string =>
  `${JSON.stringify({ sequence: Number(sequence), hash, ...facts })}\n`;

function refuse({ logger }: ExportDeps, error: unknown, response: ServerResponse): void {
  // In the middle, or to one who has gone: what has come is all that there is, and it is seen to be cut off.
  if (response.headersSent || response.destroyed) {
    logger.debug({ err: error }, 'an export of the audit log was cut off');
    response.destroy();
    return;
  }
  const known =
    error instanceof AppError ? error : new AppError('UNAVAILABLE', 'The audit log cannot be read now.');
  if (known !== error) logger.warn({ err: error }, 'the audit log could not be exported');
  const { message, extensions } = known;
  response
    .writeHead(STATUS[String(extensions['code'])] ?? 500, {
      'Content-Type': 'application/json; charset=utf-8',
    })
    .end(JSON.stringify({ errors: [{ message, extensions }] }));
}
