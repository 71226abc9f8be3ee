import type { GraphQLResolveInfo } from 'graphql';
import { builder } from '../../graphql/builder.ts';
import { SYSTEM_ID } from '../../platform/event-log.ts';
import { visibilityOf } from '../../access/visibility.ts';
import type { Context } from '../../graphql/context.ts';
import { costing } from '../../graphql/cost.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { listed } from '../../graphql/listed.ts';
import { selectedFields } from '../../graphql/selection.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import { clusterWhere } from '../filter.ts';
import { countNodes, nodesOfSystem } from '../node-list.ts';
import { SystemView, clusterFacets, type SystemSummary } from '../service.ts';
import {
  Cluster,
  ClusterConnection,
  ClusterFilter,
  CLUSTER_ORDER,
  clusterListArgs,
  type ClusterListArgs,
} from './cluster.ts';
import { ClusterStatus, NodeStatusCount } from './common.ts';
import { Node, NodeConnection, nodeConnection, nodeListArgs } from './node.ts';

type FacetValueShape = { value: string; count: number };

const ClusterStatusCount = builder
  .objectRef<{ status: SystemSummary['status']; count: number }>('ClusterStatusCount')
  .implement({
    authScopes: { viewer: true },
    fields: (t) => ({ status: t.expose('status', { type: ClusterStatus }), count: t.exposeInt('count') }),
  });

const FacetValue = builder.objectRef<FacetValueShape>('FacetValue').implement({
  authScopes: { viewer: true },
  fields: (t) => ({ value: t.exposeString('value'), count: t.exposeInt('count') }),
});

const LabelFacet = builder.objectRef<{ key: string; values: FacetValueShape[] }>('LabelFacet').implement({
  authScopes: { viewer: true },
  fields: (t) => ({ key: t.exposeString('key'), values: t.expose('values', { type: [FacetValue] }) }),
});

const ClusterFacets = builder
  .objectRef<Awaited<ReturnType<typeof clusterFacets>>>('ClusterFacets')
  .implement({
    description: 'How many clusters of those that pass the filter have which value.',
    authScopes: { viewer: true },
    fields: (t) => ({
      statuses: t.expose('statuses', { type: [FacetValue] }),
      kinds: t.expose('kinds', { type: [FacetValue] }),
      labels: t.expose('labels', { type: [LabelFacet] }),
    }),
  });

/** What both fields that list clusters answer with. */
const clusterConnection = (
  { filter, orderBy, ...args }: ClusterListArgs,
  context: Context,
  info: GraphQLResolveInfo,
) => {
  const passing = clusterWhere(filter, visibilityOf(context.principal));
  const order = CLUSTER_ORDER[orderBy ?? 'WORST_FIRST'];
  return listed(order, args, passing, context.deps.prisma.cluster, context, info);
};

/** What is read of the system by itself; the other fields are lists with queries of their own. */
const SUMMARY = ['name', 'status', 'statusReason', 'revision', 'clusterCounts', 'nodeCounts'];

/** The system; what it says of itself is read first, so that everything else is at least as new as its `revision`. */
export async function openSystem(
  { deps, principal }: Context,
  info: GraphQLResolveInfo,
): Promise<SystemView> {
  const system = new SystemView(deps.prisma, visibilityOf(principal));
  const selected = selectedFields(info);
  if (SUMMARY.some((field) => selected.has(field))) await system.summary;
  return system;
}

export const System = builder.objectRef<SystemView>('System').implement({
  authScopes: { viewer: true },
  fields: (t) => ({
    id: t.id({ resolve: () => SYSTEM_ID }),
    name: t.string({ resolve: async ({ summary }) => (await summary).name }),
    status: t.field({
      type: ClusterStatus,
      description: 'As bad as its worst cluster; DOWN when all are.',
      resolve: async ({ summary }) => (await summary).status,
    }),
    statusReason: t.string({ resolve: async ({ summary }) => (await summary).reason }),
    revision: t.field({
      type: 'Revision',
      description: 'What is shown is at least as new as this.',
      resolve: async ({ summary }) => (await summary).position,
    }),
    serverTime: t.field({
      type: 'DateTime',
      extensions: UNLOGGED,
      resolve: (_system, _args, { deps }) => deps.clock.now(),
    }),
    clusterCounts: t.field({
      type: [ClusterStatusCount],
      resolve: async ({ summary }) => (await summary).clusterCounts,
    }),
    nodeCounts: t.field({
      type: [NodeStatusCount],
      resolve: async ({ summary }) => (await summary).nodeCounts,
    }),
    clusterFacets: t.field({
      type: ClusterFacets,
      extensions: costing(10_000),
      args: { filter: t.arg({ type: ClusterFilter }) },
      resolve: (_system, { filter }, { deps, principal }) =>
        clusterFacets(deps.prisma, visibilityOf(principal), filter),
    }),
    clusters: t.connection(
      {
        type: Cluster,
        args: clusterListArgs,
        extensions: CHECKED_CURSORS,
        resolve: (_system, args, context, info) => clusterConnection(args, context, info),
      },
      ClusterConnection,
    ),
    nodes: t.connection(
      {
        type: Node,
        args: nodeListArgs,
        extensions: CHECKED_CURSORS,
        resolve: (_system, args, { deps: { prisma, readJson }, principal }, info) => {
          const seen = visibilityOf(principal);
          return nodeConnection(
            args,
            info,
            (request) => nodesOfSystem(readJson, seen, request),
            (filter) => countNodes(prisma, seen, filter),
          );
        },
      },
      NodeConnection,
    ),
  }),
});

builder.queryFields((t) => ({
  system: t.field({
    type: System,
    authScopes: { viewer: true },
    resolve: (_query, _args, context, info) => openSystem(context, info),
  }),
  clusters: t.connection(
    {
      type: Cluster,
      authScopes: { viewer: true },
      args: clusterListArgs,
      extensions: CHECKED_CURSORS,
      resolve: (_query, args, context, info) => clusterConnection(args, context, info),
    },
    ClusterConnection,
  ),
  cluster: t.prismaField({
    type: Cluster,
    nullable: true,
    authScopes: { viewer: true, manager: true },
    args: { id: t.arg.id({ required: true, validate: input.id }) },
    resolve: (query, _parent, { id }, { deps, principal }) =>
      deps.prisma.cluster.findUnique({ ...query, where: { id, AND: visibilityOf(principal).clusters } }),
  }),
  node: t.prismaField({
    type: Node,
    nullable: true,
    authScopes: { viewer: true, manager: true },
    args: { id: t.arg.id({ required: true, validate: input.id }) },
    resolve: (query, _parent, { id }, { deps, principal }) =>
      deps.prisma.node.findUnique({ ...query, where: { id, ...visibilityOf(principal).ofCluster } }),
  }),
}));
