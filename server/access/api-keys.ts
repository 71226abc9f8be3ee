import type { Bus } from '../platform/bus.ts';
import type { Clock } from '../platform/clock.ts';
import { notFound } from '../platform/errors.ts';
import { change } from '../platform/event-log.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { ApiKeyModel } from '../platform/generated/prisma/models.ts';
import type { Grant } from './grants.ts';
import { grantsJson } from './administrators.ts';
import { accessChanged } from './people.ts';
import { hashSecret, nameOf, newSecret, type Caller } from './principal.ts';

export interface ApiKeyDeps {
  prisma: PrismaClient;
  bus: Bus;
  clock: Clock;
}

/**
 * Makes a key for a program. It belongs to the system, not to who made it: it stays when that person goes. What it may
 * do never changes; another key can be made in its place.
 * @param expiresInSeconds null: it does not expire.
 */
export async function createApiKey(
  { prisma, clock }: ApiKeyDeps,
  { principal }: Caller,
  {
    name,
    grants,
    expiresInSeconds,
  }: { name: string; grants: readonly Grant[]; expiresInSeconds: number | null },
): Promise<{ apiKey: ApiKeyModel; key: string }> {
  const key = newSecret('ock');
  const now = clock.now();
  const apiKey = await prisma.apiKey.create({
    data: {
      hash: hashSecret(key),
      name,
      grants: grantsJson(grants),
      createdAt: now,
      createdBy: nameOf(principal),
      expiresAt: expiresInSeconds === null ? null : new Date(now.getTime() + expiresInSeconds * 1000),
    },
  });
  return { apiKey, key };
}

/** Ends a key, and on every server what is open under it. One that has ended stays as it is. @throws AppError NOT_FOUND */
export async function revokeApiKey(
  deps: ApiKeyDeps,
  { principal }: Caller,
  id: string,
): Promise<ApiKeyModel> {
  return change(deps, async (tx, record) => {
    const { count } = await tx.apiKey.updateMany({
      where: { id, revokedAt: null },
      data: { revokedAt: deps.clock.now() },
    });
    const apiKey = await tx.apiKey.findUnique({ where: { id } });
    if (!apiKey) throw notFound('API key', id);
    if (count > 0) record(accessChanged(nameOf(principal), `The API key ${apiKey.name} was revoked.`));
    return apiKey;
  });
}
