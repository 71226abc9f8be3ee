import { z } from 'zod';
import { builder } from '../graphql/builder.ts';
import { connectionOf } from '../graphql/connection.ts';
import { CHECKED_CURSORS } from '../graphql/cursors.ts';
import * as input from '../graphql/input.ts';
import { byText, newestBy, Keyset } from '../graphql/keyset.ts';
import { listed } from '../graphql/listed.ts';
import { UNLOGGED } from '../graphql/unlogged.ts';
import type { Prisma } from '../platform/generated/prisma/client.ts';
import { Label, LabelInput } from '../graphql/label.ts';
import {
  createEnrolmentToken,
  labelsOf,
  revokeEnrolmentToken,
  tokenStatus,
  type TokenStatus as TokenStatusValue,
} from './enrolment.ts';
import { joinCommand } from './join-command.ts';

const EnrolmentTokenStatus = builder.enumType('EnrolmentTokenStatus', {
  description: 'VALID: it admits managers.',
  values: ['VALID', 'USED_UP', 'EXPIRED', 'REVOKED'] as const,
});

const EnrolmentToken = builder.prismaObject('EnrolmentToken', {
  description: 'Admits managers to clusters. The token itself is shown when it is made and never again.',
  authScopes: { administratorOfAll: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    clusterName: t.exposeString('clusterName', {
      nullable: true,
      description: 'The only cluster that it admits to; null: any.',
    }),
    labels: t.field({
      type: [Label],
      description: 'A cluster must have these to be joined with it; a new one gets them, and keeps them.',
      resolve: (token) => input.sortedLabels(labelsOf(token)),
    }),
    status: t.field({
      type: EnrolmentTokenStatus,
      extensions: UNLOGGED,
      resolve: (token, _args, { deps }) => tokenStatus(token, deps.clock.now()),
    }),
    uses: t.exposeInt('uses'),
    usesLeft: t.exposeInt('usesLeft'),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', extensions: UNLOGGED }),
    createdAt: t.expose('createdAt', { type: 'DateTime', extensions: UNLOGGED }),
    createdBy: t.exposeString('createdBy'),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true, extensions: UNLOGGED }),
    revokedBy: t.exposeString('revokedBy', { nullable: true }),
  }),
});
const EnrolmentTokenConnection = connectionOf(EnrolmentToken, 'EnrolmentToken');

const CreateEnrolmentTokenInput = builder.inputType('CreateEnrolmentTokenInput', {
  fields: (t) => ({
    clusterName: t.string({
      description: 'The only cluster that it admits to; null: any.',
      validate: input.name.nullish(),
    }),
    labels: t.field({
      type: [LabelInput],
      defaultValue: [],
      description: 'A cluster must have these to be joined with it; a new one gets them, and keeps them.',
      validate: input.labels.nullish(),
    }),
    uses: t.int({
      defaultValue: 1,
      description: 'How many managers it admits.',
      validate: z.int().min(1).max(1000).nullish(),
    }),
    expiresInSeconds: t.int({ defaultValue: 3600, validate: z.int().min(1).max(31_536_000).nullish() }),
    reason: t.string({ description: 'Why, for the audit log.', validate: input.line.nullish() }),
  }),
});

type Created = Awaited<ReturnType<typeof createEnrolmentToken>> & { joinCommand: string };
const CreateEnrolmentTokenPayload = builder.objectRef<Created>('CreateEnrolmentTokenPayload').implement({
  authScopes: { administratorOfAll: true },
  fields: (t) => ({
    token: t.exposeString('token', { description: 'Shown this once; only its hash is kept.' }),
    expiresAt: t.field({ type: 'DateTime', resolve: ({ row }) => row.expiresAt }),
    uses: t.int({ resolve: ({ row }) => row.uses }),
    enrolmentToken: t.field({ type: EnrolmentToken, resolve: ({ row }) => row }),
    joinCommand: t.exposeString('joinCommand', {
      description: 'Writes a manager’s configuration with the token in it, and starts a manager with it.',
    }),
  }),
});

const NEWEST_FIRST = new Keyset<
  Prisma.EnrolmentTokenWhereInput,
  Prisma.EnrolmentTokenOrderByWithRelationInput
>(newestBy('createdAt'), byText('id'));

builder.queryFields((t) => ({
  enrolmentTokens: t.connection(
    {
      type: EnrolmentToken,
      description: 'Newest first.',
      authScopes: { administratorOfAll: true },
      extensions: { ...CHECKED_CURSORS, ...UNLOGGED },
      args: { status: t.arg({ type: [EnrolmentTokenStatus] }) },
      resolve: (_parent, { status, ...args }, context, info) => {
        const { prisma, clock } = context.deps;
        const passing = tokenWhere(status, clock.now());
        return listed(NEWEST_FIRST, args, passing, prisma.enrolmentToken, context, info);
      },
    },
    EnrolmentTokenConnection,
  ),
}));

/** The same as `tokenStatus` says of each. */
function tokenWhere(
  wanted: readonly TokenStatusValue[] | null | undefined,
  now: Date,
): Prisma.EnrolmentTokenWhereInput {
  if (!wanted) return {};
  const left = { revokedAt: null, usesLeft: { gt: 0 } };
  const conditions: Record<TokenStatusValue, Prisma.EnrolmentTokenWhereInput> = {
    REVOKED: { revokedAt: { not: null } },
    USED_UP: { revokedAt: null, usesLeft: 0 },
    EXPIRED: { ...left, expiresAt: { lte: now } },
    VALID: { ...left, expiresAt: { gt: now } },
  };
  return { OR: wanted.map((status) => conditions[status]) };
}

builder.mutationFields((t) => ({
  createEnrolmentToken: t.field({
    type: CreateEnrolmentTokenPayload,
    authScopes: { administratorOfAll: true },
    args: { input: t.arg({ type: CreateEnrolmentTokenInput, required: true }) },
    resolve: async (_parent, { input: asked }, { deps, origin, ...caller }) => {
      const request = {
        clusterName: asked.clusterName ?? null,
        labels: asked.labels ?? [],
        uses: asked.uses ?? 1,
        expiresInSeconds: asked.expiresInSeconds ?? 3600,
        reason: asked.reason ?? null,
      };
      const created = await createEnrolmentToken(deps.prisma, deps.clock, caller, request);
      return { ...created, joinCommand: joinCommand(origin, created.token, request) };
    },
  }),
  revokeEnrolmentToken: t.field({
    type: EnrolmentToken,
    description: 'It admits nobody from now on. Managers that it has admitted stay: see `revokeManager`.',
    authScopes: { administratorOfAll: true },
    args: {
      id: t.arg.id({ required: true, validate: input.id }),
      reason: t.arg.string({ validate: input.line.nullish() }),
    },
    resolve: (_parent, { id, reason }, { deps, ...caller }) =>
      revokeEnrolmentToken(deps.prisma, deps.clock, caller, id, reason ?? null),
  }),
}));
