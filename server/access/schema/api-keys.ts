import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { byText, newestBy, Keyset } from '../../graphql/keyset.ts';
import { listed } from '../../graphql/listed.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import { contains } from '../../platform/contains.ts';
import type { Prisma } from '../../platform/generated/prisma/client.ts';
import type { ApiKeyModel } from '../../platform/generated/prisma/models.ts';
import { grantsIn } from '../administrators.ts';
import { createApiKey, revokeApiKey } from '../api-keys.ts';
import { Grant, GrantInput, grantList, grantsFrom } from './grant.ts';

const ApiKeyStatus = builder.enumType('ApiKeyStatus', { values: ['ACTIVE', 'EXPIRED', 'REVOKED'] as const });
type Status = typeof ApiKeyStatus.$inferType;

const statusOf = ({ revokedAt, expiresAt }: ApiKeyModel, now: Date): Status =>
  revokedAt ? 'REVOKED' : expiresAt && expiresAt <= now ? 'EXPIRED' : 'ACTIVE';

const withStatus = (status: Status, now: Date): Prisma.ApiKeyWhereInput =>
  ({
    ACTIVE: { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
    EXPIRED: { revokedAt: null, expiresAt: { lte: now } },
    REVOKED: { revokedAt: { not: null } },
  })[status];

export const ApiKey = builder.prismaObject('ApiKey', {
  description: 'Lets a program in, by the header `Authorization: Bearer ock_…`.',
  authScopes: { administratorOfAll: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    status: t.field({
      type: ApiKeyStatus,
      extensions: UNLOGGED,
      resolve: (key, _args, { deps }) => statusOf(key, deps.clock.now()),
    }),
    grants: t.field({ type: [Grant], resolve: ({ grants }) => grantsIn(grants) }),
    createdAt: t.expose('createdAt', { type: 'DateTime', extensions: UNLOGGED }),
    createdBy: t.exposeString('createdBy'),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, extensions: UNLOGGED }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true, extensions: UNLOGGED }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Accurate to a minute.',
      extensions: UNLOGGED,
    }),
  }),
});

const ApiKeyConnection = connectionOf(ApiKey, 'ApiKey');

const ApiKeyFilter = builder.inputType('ApiKeyFilter', {
  description: 'A key passes that passes every part that is set.',
  fields: (t) => ({
    search: t.string({
      description: 'Part of the name or of who made it.',
      validate: input.search.nullish(),
    }),
    status: t.field({ type: [ApiKeyStatus] }),
  }),
});

function apiKeyWhere(
  filter: typeof ApiKeyFilter.$inferInput | null | undefined,
  now: Date,
): Prisma.ApiKeyWhereInput {
  const { search, status } = filter ?? {};
  const and: Prisma.ApiKeyWhereInput[] = [];
  if (search) and.push({ OR: [{ name: contains(search) }, { createdBy: contains(search) }] });
  if (status) and.push({ OR: status.map((one) => withStatus(one, now)) });
  return { AND: and };
}

const NEWEST_FIRST = new Keyset<Prisma.ApiKeyWhereInput, Prisma.ApiKeyOrderByWithRelationInput>(
  newestBy('createdAt'),
  byText('id'),
);

builder.queryFields((t) => ({
  apiKeys: t.connection(
    {
      type: ApiKey,
      description: 'Newest first.',
      authScopes: { administratorOfAll: true },
      extensions: { ...CHECKED_CURSORS, ...UNLOGGED },
      args: { filter: t.arg({ type: ApiKeyFilter }) },
      resolve: (_parent, { filter, ...args }, context, info) => {
        const { prisma, clock } = context.deps;
        return listed(NEWEST_FIRST, args, apiKeyWhere(filter, clock.now()), prisma.apiKey, context, info);
      },
    },
    ApiKeyConnection,
  ),
}));

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: 'What it is for.', validate: input.name }),
    grants: t.field({ type: [GrantInput], required: true, validate: grantList }),
    expiresInSeconds: t.int({
      defaultValue: 90 * 86_400,
      description: 'Null: it does not expire.',
      validate: z.int().min(1).max(315_360_000).nullish(),
    }),
    reason: t.string({ description: 'Why, for the audit log.', validate: input.line.nullish() }),
  }),
});

const CreatedApiKey = builder.objectRef<{ apiKey: ApiKeyModel; key: string }>('CreatedApiKey').implement({
  authScopes: { administratorOfAll: true },
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKey }),
    key: t.exposeString('key', { description: 'Shown this once; only its hash is kept.' }),
  }),
});

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: CreatedApiKey,
    authScopes: { administratorOfAll: true },
    args: { input: t.arg({ type: CreateApiKeyInput, required: true }) },
    resolve: (_mutation, { input: { name, grants, expiresInSeconds, reason } }, context) =>
      createApiKey(context.deps, context, {
        name,
        grants: grantsFrom(grants),
        expiresInSeconds: expiresInSeconds ?? null,
        reason: reason ?? null,
      }),
  }),
  revokeApiKey: t.field({
    type: ApiKey,
    description: 'Ends it on every server, with all that is open under it. It stays in the list.',
    authScopes: { administratorOfAll: true },
    args: {
      id: t.arg.id({ required: true, validate: input.id }),
      reason: t.arg.string({ validate: input.line.nullish() }),
    },
    resolve: (_mutation, { id, reason }, context) =>
      revokeApiKey(context.deps, context, { id, reason: reason ?? null }),
  }),
}));
