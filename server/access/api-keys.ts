import type { Bus } from '../platform/bus.ts';
import type { Clock } from '../platform/clock.ts';
import { notFound } from '../platform/errors.ts';
import { change, type Transaction } from '../platform/event-log.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { ApiKeyModel } from '../platform/generated/prisma/models.ts';
import type { Json } from './audit/chain.ts';
import { recordAudit } from './audit/record.ts';
import type { Grant } from './grants.ts';
import { grantsJson } from './administrators.ts';
import { accessChanged } from './person.ts';
import { hashSecret, nameOf, newSecret, type Caller } from './principal.ts';

export interface ApiKeyDeps {
  prisma: PrismaClient;
  bus: Bus;
  clock: Clock;
}

export interface NewApiKey {
  name: string;
  grants: readonly Grant[];
  expiresInSeconds: number | null;
  reason: string | null;
}

/**
 * Makes a key for a program. It belongs to the system, not to who made it: it stays when that person goes. What it may
 * do never changes; another key can be made in its place.
 * @param expiresInSeconds null: it does not expire.
 */
export async function createApiKey(
  { prisma, clock }: ApiKeyDeps,
  caller: Caller,
  { name, grants, expiresInSeconds, reason }: NewApiKey,
): Promise<{ apiKey: ApiKeyModel; key: string }> {
  const key = newSecret('ock');
  const now = clock.now();
  const expiresAt = expiresInSeconds === null ? null : new Date(now.getTime() + expiresInSeconds * 1000);
  const createdBy = nameOf(caller.principal);
  return prisma.$transaction(async (tx) => {
    const apiKey = await tx.apiKey.create({
      data: { hash: hashSecret(key), name, grants: grantsJson(grants), createdAt: now, createdBy, expiresAt },
    });
    const detail = { grants: apiKey.grants as Json, expiresAt: expiresAt?.toISOString() ?? null };
    await audit(tx, caller, now, 'createApiKey', apiKey, { reason, detail });
    return { apiKey, key };
  });
}

/** Ends a key, and on every server what is open under it. One that has ended stays as it is. @throws AppError NOT_FOUND */
export async function revokeApiKey(
  deps: ApiKeyDeps,
  caller: Caller,
  { id, reason }: { id: string; reason: string | null },
): Promise<ApiKeyModel> {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    const { count } = await tx.apiKey.updateMany({
      where: { id, revokedAt: null },
      data: { revokedAt: now },
    });
    const apiKey = await tx.apiKey.findUnique({ where: { id } });
    if (!apiKey) throw notFound('API key', id, 'id');
    if (count === 0) return apiKey;
    record(accessChanged(nameOf(caller.principal), `The API key ${apiKey.name} was revoked.`));
    await audit(tx, caller, now, 'revokeApiKey', apiKey, { reason });
    return apiKey;
  });
}

const audit = (
  tx: Transaction,
  { principal, from }: Caller,
  at: Date,
  action: string,
  { id, name }: ApiKeyModel,
  more: { reason: string | null; detail?: Json },
): Promise<void> =>
  recordAudit(tx, {
    principal,
    from,
    at,
    action,
    targets: [{ type: 'ApiKey', id, name }],
    result: 'DONE',
    ...more,
  });
