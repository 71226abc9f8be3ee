import { builder } from '../../graphql/builder.ts';
import { connectionOf, pageOf } from '../../graphql/connection.ts';
import { OFFSET_CURSORS, REVISION_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import {
  AuditActor as AuditActorEnum,
  AuditResult as AuditResultEnum,
} from '../../platform/generated/prisma/enums.ts';
import type { AuditTarget as AuditTargetShape } from './chain.ts';
import { auditWhere } from './list.ts';

const AuditActorKind = builder.enumType(AuditActorEnum, {
  name: 'AuditActorKind',
  description:
    'LOCAL: whoever is on the server’s machine, where there is no log-in. ANONYMOUS: nobody known. SYSTEM: the OC.',
});
const AuditResult = builder.enumType(AuditResultEnum, { name: 'AuditResult' });

const AuditTarget = builder.objectRef<AuditTargetShape>('AuditTarget').implement({
  description: 'What an act was done to, as it was called then.',
  authScopes: { administratorOfAll: true },
  fields: (t) => ({
    type: t.exposeString('type', { description: 'Such as Cluster, Operation or Manager.' }),
    id: t.exposeID('id'),
    name: t.exposeString('name', { nullable: true }),
  }),
});
const AuditTargetConnection = connectionOf(AuditTarget, 'AuditTarget');

const AuditEntry = builder.prismaObject('AuditEntry', {
  description: 'Who did what, or was not let: one entry of the audit log.',
  authScopes: { administratorOfAll: true },
  fields: (t) => ({
    sequence: t.id({ description: '1, 2, 3 … without a gap.', resolve: ({ sequence }) => String(sequence) }),
    hash: t.exposeString('hash', {
      description: 'Of the entry before and all that this one says; `npm run audit:verify` follows it.',
    }),
    at: t.expose('at', { type: 'DateTime', extensions: UNLOGGED }),
    actorKind: t.expose('actorKind', { type: AuditActorKind }),
    actorId: t.exposeID('actorId', { nullable: true }),
    actorName: t.exposeString('actorName', { nullable: true }),
    from: t.exposeString('from', { description: 'The address that it was asked from.' }),
    action: t.exposeString('action', { description: 'The mutation, or what else was done or tried.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why, in the words of who did it.' }),
    result: t.expose('result', { type: AuditResult }),
    detail: t.string({
      nullable: true,
      description: 'More about it, as JSON.',
      resolve: ({ detail }) => (detail === null ? null : JSON.stringify(detail)),
    }),
    targets: t.connection(
      {
        type: AuditTarget,
        extensions: OFFSET_CURSORS,
        resolve: ({ targets }, args) => pageOf(args, targets as unknown as AuditTargetShape[]),
      },
      AuditTargetConnection,
    ),
  }),
});
const AuditEntryConnection = connectionOf(AuditEntry, 'AuditEntry');

const AuditFilter = builder.inputType('AuditFilter', {
  fields: (t) => ({
    actor: t.string({
      description: 'Name, whatever the case, or id of who did it.',
      validate: input.search.nullish(),
    }),
    actorKind: t.field({ type: [AuditActorKind] }),
    action: t.stringList({ validate: input.values.nullish() }),
    target: t.string({
      description: 'Id or name of something that it was done to.',
      validate: input.search.nullish(),
    }),
    result: t.field({ type: AuditResult }),
    since: t.field({ type: 'DateTime' }),
    until: t.field({ type: 'DateTime', description: 'Not included.' }),
  }),
});

builder.queryFields((t) => ({
  auditLog: t.prismaConnection(
    {
      type: AuditEntry,
      cursor: 'sequence',
      description: 'Who did what, newest first.',
      authScopes: { administratorOfAll: true },
      extensions: { ...REVISION_CURSORS, ...UNLOGGED },
      args: { filter: t.arg({ type: AuditFilter }) },
      resolve: (query, _parent, { filter }, { deps }) =>
        deps.prisma.auditEntry.findMany({
          ...query,
          where: auditWhere(filter),
          orderBy: { sequence: 'desc' },
        }),
      totalCount: (_parent, { filter }, { deps }) =>
        deps.prisma.auditEntry.count({ where: auditWhere(filter) }),
    },
    AuditEntryConnection,
  ),
}));
