import { visibilityOf } from '../../access/visibility.ts';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import type { Context } from '../../graphql/context.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { byText, oldestBy, Keyset } from '../../graphql/keyset.ts';
import { listed } from '../../graphql/listed.ts';
import { batched } from '../../graphql/loader.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import { contains } from '../../platform/contains.ts';
import type { Prisma } from '../../platform/generated/prisma/client.ts';
import type { PlannedOfflineModel } from '../../platform/generated/prisma/models.ts';
import { endPlannedOffline, planOffline, type OfflineTarget } from './plan-offline.ts';

const PlannedOffline = builder.prismaObject('PlannedOffline', {
  description:
    'A cluster, or a node of it, is to be away for a while: commands for it wait. It ends by itself when the time comes.',
  authScopes: { viewer: true },
  fields: (t) => ({
    cluster: t.relation('cluster'),
    node: t.relation('node', { nullable: true, description: 'Null: the whole cluster.' }),
    reason: t.exposeString('reason'),
    returnsAt: t.expose('returnsAt', { type: 'DateTime' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    createdBy: t.exposeString('createdBy'),
  }),
});
const PlannedOfflineConnection = connectionOf(PlannedOffline, 'PlannedOffline');

const ofCluster = batched<PlannedOfflineModel | null>(async (ids, { prisma, clock }) => {
  const rows = await prisma.plannedOffline.findMany({
    where: { clusterId: { in: [...ids] }, nodeId: null, returnsAt: { gt: clock.now() } },
  });
  return new Map(rows.map((row) => [row.clusterId, row]));
}, null);

const ofNode = batched<PlannedOfflineModel | null>(async (ids, { prisma, clock }) => {
  const rows = await prisma.plannedOffline.findMany({
    where: { nodeId: { in: [...ids] }, returnsAt: { gt: clock.now() } },
  });
  return new Map(rows.map((row) => [row.nodeId!, row]));
}, null);

builder.prismaObjectFields('Cluster', (t) => ({
  plannedOffline: t.field({
    type: PlannedOffline,
    nullable: true,
    extensions: UNLOGGED,
    resolve: ({ id }, _args, context) => ofCluster(context, id),
  }),
}));
builder.prismaObjectFields('Node', (t) => ({
  plannedOffline: t.field({
    type: PlannedOffline,
    nullable: true,
    description: 'Its own or that of its cluster.',
    extensions: UNLOGGED,
    resolve: async ({ id, clusterId }, _args, context) =>
      (await ofNode(context, id)) ?? ofCluster(context, clusterId),
  }),
}));

const PlannedOfflineFilter = builder.inputType('PlannedOfflineFilter', {
  fields: (t) => ({
    clusterId: t.id({ validate: input.id.nullish() }),
    search: t.string({ description: 'Part of the reason.', validate: input.search.nullish() }),
  }),
});

const plannedWhere = (
  filter: typeof PlannedOfflineFilter.$inferInput | null | undefined,
  { deps, principal }: Context,
): Prisma.PlannedOfflineWhereInput => ({
  returnsAt: { gt: deps.clock.now() },
  ...visibilityOf(principal).ofCluster,
  ...(filter?.clusterId && { clusterId: filter.clusterId }),
  ...(filter?.search && { reason: contains(filter.search) }),
});

const AS_THEY_RETURN = new Keyset<
  Prisma.PlannedOfflineWhereInput,
  Prisma.PlannedOfflineOrderByWithRelationInput
>(oldestBy('returnsAt'), byText('id'));

builder.queryFields((t) => ({
  plannedOffline: t.connection(
    {
      type: PlannedOffline,
      description: 'What is planned to be offline now; what returns first comes first.',
      authScopes: { viewer: true },
      extensions: { ...CHECKED_CURSORS, ...UNLOGGED },
      args: { filter: t.arg({ type: PlannedOfflineFilter }) },
      resolve: (_parent, { filter, ...args }, context, info) => {
        const passing = plannedWhere(filter, context);
        return listed(AS_THEY_RETURN, args, passing, context.deps.prisma.plannedOffline, context, info);
      },
    },
    PlannedOfflineConnection,
  ),
}));

const OfflineTargetInput = builder.inputType('OfflineTarget', {
  isOneOf: true,
  fields: (t) => ({
    clusterId: t.id({ validate: input.id.nullish() }),
    nodeId: t.id({ validate: input.id.nullish() }),
  }),
});
const PlanOfflineInput = builder.inputType('PlanOfflineInput', {
  fields: (t) => ({
    target: t.field({ type: OfflineTargetInput, required: true }),
    reason: t.string({ required: true, validate: input.reason }),
    returnsAt: t.field({ type: 'DateTime', required: true, description: 'At most a year ahead.' }),
  }),
});
const EndPlannedOfflineInput = builder.inputType('EndPlannedOfflineInput', {
  fields: (t) => ({
    target: t.field({ type: OfflineTargetInput, required: true }),
    reason: t.string({ validate: input.line.nullish() }),
  }),
});

const targetFrom = ({ clusterId, nodeId }: typeof OfflineTargetInput.$inferInput): OfflineTarget => ({
  clusterId: clusterId ?? null,
  nodeId: nodeId ?? null,
});

builder.mutationFields((t) => ({
  planOffline: t.field({
    type: PlannedOffline,
    description:
      'Says that a cluster or a node is to be away from now on: commands for it wait until its return. Said again it takes the place of what was said.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: PlanOfflineInput, required: true }) },
    resolve: (_parent, { input: { target, reason, returnsAt } }, { deps, ...caller }) =>
      planOffline(deps, caller, { target: targetFrom(target), reason: reason.trim(), returnsAt }),
  }),
  endPlannedOffline: t.field({
    type: PlannedOffline,
    description: 'Ends it before its time.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: EndPlannedOfflineInput, required: true }) },
    resolve: (_parent, { input: { target, reason } }, { deps, ...caller }) =>
      endPlannedOffline(deps, caller, { target: targetFrom(target), reason: reason?.trim() || null }),
  }),
}));
