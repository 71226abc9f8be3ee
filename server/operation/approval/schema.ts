import { z } from 'zod';
import { ClusterChoice, ClusterChoiceInput, choiceFrom } from '../../access/schema/grant.ts';
import { visibilityOf } from '../../access/visibility.ts';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import type { Context } from '../../graphql/context.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { byText, oldestBy, Keyset } from '../../graphql/keyset.ts';
import { listed } from '../../graphql/listed.ts';
import { contains } from '../../platform/contains.ts';
import type { Prisma } from '../../platform/generated/prisma/client.ts';
import { approveOperation, withdrawApproval } from '../acts/approve.ts';
import { seenRows } from '../calendar/choice.ts';
import { shownChoice } from '../calendar/shown-choice.ts';
import { Operation } from '../schema/operation.ts';
import { createApprovalRule, removeApprovalRule } from './rules.ts';

builder.prismaObject('Approval', {
  authScopes: { viewer: true },
  fields: (t) => ({
    by: t.exposeString('personName', { description: 'The name of the person.' }),
    at: t.expose('at', { type: 'DateTime' }),
  }),
});

builder.prismaObjectFields(Operation, (t) => ({
  approvalsNeeded: t.exposeInt('approvalsNeeded', {
    description: 'How many people other than who started it must approve it before anything of it begins.',
  }),
  approvals: t.relation('approvals', {
    description: 'Oldest first; one for each person.',
    query: { orderBy: [{ at: 'asc' }, { personId: 'asc' }] },
  }),
}));

const ApprovalRule = builder.prismaObject('ApprovalRule', {
  description: 'Operations on its clusters wait until other people than who started them have approved them.',
  authScopes: { viewer: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    clusters: t.field({
      type: ClusterChoice,
      nullable: true,
      description: 'Null: the whole system.',
      resolve: (row, _args, context) => shownChoice(row, context),
    }),
    approvals: t.exposeInt('approvals', { description: 'How many people.' }),
    reason: t.exposeString('reason'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    createdBy: t.exposeString('createdBy'),
  }),
});
const ApprovalRuleConnection = connectionOf(ApprovalRule, 'ApprovalRule');

const ApprovalRuleFilter = builder.inputType('ApprovalRuleFilter', {
  description: 'A rule passes that passes every part that is set.',
  fields: (t) => ({
    clusterId: t.id({ description: 'It holds for this cluster.', validate: input.id.nullish() }),
    search: t.string({ description: 'Part of the reason.', validate: input.search.nullish() }),
  }),
});

async function rulesWhere(
  filter: typeof ApprovalRuleFilter.$inferInput | null | undefined,
  { deps, principal }: Context,
): Promise<Prisma.ApprovalRuleWhereInput> {
  const { clusterId, search } = filter ?? {};
  return {
    ...(await seenRows(deps.prisma, 'approval_rule', visibilityOf(principal), clusterId)),
    ...(search && { reason: contains(search) }),
  };
}

const OLDEST_FIRST = new Keyset<Prisma.ApprovalRuleWhereInput, Prisma.ApprovalRuleOrderByWithRelationInput>(
  oldestBy('createdAt'),
  byText('id'),
);

builder.queryFields((t) => ({
  approvalRules: t.connection(
    {
      type: ApprovalRule,
      description: 'Oldest first.',
      authScopes: { viewer: true },
      args: { filter: t.arg({ type: ApprovalRuleFilter }) },
      extensions: CHECKED_CURSORS,
      resolve: async (_parent, { filter, ...args }, context, info) => {
        const passing = await rulesWhere(filter, context);
        return listed(OLDEST_FIRST, args, passing, context.deps.prisma.approvalRule, context, info);
      },
    },
    ApprovalRuleConnection,
  ),
}));

const CreateApprovalRuleInput = builder.inputType('CreateApprovalRuleInput', {
  fields: (t) => ({
    clusters: t.field({ type: ClusterChoiceInput, description: 'Null: the whole system.' }),
    approvals: t.int({ defaultValue: 1, validate: z.int().min(1).max(10).nullish() }),
    reason: t.string({ required: true, validate: input.reason }),
  }),
});
const RemoveApprovalRuleInput = builder.inputType('RemoveApprovalRuleInput', {
  fields: (t) => ({
    id: t.id({ required: true, validate: input.id }),
    reason: t.string({ validate: input.line.nullish() }),
  }),
});
const ApprovalInput = builder.inputType('ApprovalInput', {
  fields: (t) => ({
    operationId: t.id({ required: true, validate: input.id }),
    reason: t.string({ validate: input.line.nullish() }),
  }),
});

builder.mutationFields((t) => ({
  createApprovalRule: t.field({
    type: ApprovalRule,
    description: 'For operations that are started from now on. For administrators of all of the clusters.',
    authScopes: { administrator: true },
    args: { input: t.arg({ type: CreateApprovalRuleInput, required: true }) },
    resolve: (_parent, { input: { clusters, approvals, reason } }, { deps, ...caller }) =>
      createApprovalRule(deps, caller, {
        clusters: choiceFrom('input.clusters', clusters),
        approvals: approvals ?? 1,
        reason: reason.trim(),
      }),
  }),
  removeApprovalRule: t.field({
    type: ApprovalRule,
    description: 'What was started under it still needs its approvals.',
    authScopes: { administrator: true },
    args: { input: t.arg({ type: RemoveApprovalRuleInput, required: true }) },
    resolve: (_parent, { input: { id, reason } }, { deps, ...caller }) =>
      removeApprovalRule(deps, caller, { id, reason: reason?.trim() || null }),
  }),
  approveOperation: t.field({
    type: Operation,
    description:
      'For a person who may operate all of its clusters and has not started it, nor made the API key that did. Also ahead of its time.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: ApprovalInput, required: true }) },
    resolve: (_parent, { input: { operationId, reason } }, { deps, ...caller }) =>
      approveOperation(deps, caller, { operationId, reason: reason?.trim() || null }),
  }),
  withdrawApproval: t.field({
    type: Operation,
    description: 'Takes one’s approval back, until the operation has begun.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: ApprovalInput, required: true }) },
    resolve: (_parent, { input: { operationId, reason } }, { deps, ...caller }) =>
      withdrawApproval(deps, caller, { operationId, reason: reason?.trim() || null }),
  }),
}));
