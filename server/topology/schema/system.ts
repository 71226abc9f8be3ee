import type { GraphQLResolveInfo } from 'graphql';
import { builder } from '../../graphql/builder.ts';
import { SYSTEM_ID } from '../../platform/event-log.ts';
import type { PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { Deps } from '../../deps.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { selectedFields } from '../../graphql/selection.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import { clusterWhere } from '../filter.ts';
import { countNodes, nodesOfSystem } from '../node-list.ts';
import { SystemView, clusterFacets, type SystemSummary } from '../service.ts';
import {
  Cluster,
  ClusterConnection,
  ClusterFilter,
  clusterListArgs,
  clusterOrderBy,
  type ClusterListArgs,
} from './cluster.ts';
import { ClusterStatus, NodeStatusCount } from './common.ts';
import { Node, NodeConnection, nodeConnection, nodeListArgs } from './node.ts';

type FacetValueShape = { value: string; count: number };

const ClusterStatusCount = builder
  .objectRef<{ status: SystemSummary['status']; count: number }>('ClusterStatusCount')
  .implement({
    authScopes: { operator: true },
    fields: (t) => ({ status: t.expose('status', { type: ClusterStatus }), count: t.exposeInt('count') }),
  });

const FacetValue = builder.objectRef<FacetValueShape>('FacetValue').implement({
  authScopes: { operator: true },
  fields: (t) => ({ value: t.exposeString('value'), count: t.exposeInt('count') }),
});

const LabelFacet = builder.objectRef<{ key: string; values: FacetValueShape[] }>('LabelFacet').implement({
  authScopes: { operator: true },
  fields: (t) => ({ key: t.exposeString('key'), values: t.expose('values', { type: [FacetValue] }) }),
});

const ClusterFacets = builder
  .objectRef<Awaited<ReturnType<typeof clusterFacets>>>('ClusterFacets')
  .implement({
    description: 'How many clusters of those that pass the filter have which value.',
    authScopes: { operator: true },
    fields: (t) => ({
      statuses: t.expose('statuses', { type: [FacetValue] }),
      kinds: t.expose('kinds', { type: [FacetValue] }),
      labels: t.expose('labels', { type: [LabelFacet] }),
    }),
  });

const listClusters = (prisma: PrismaClient, query: object, { filter, orderBy }: ClusterListArgs) =>
  prisma.cluster.findMany({ ...query, where: clusterWhere(filter), orderBy: clusterOrderBy(orderBy) });

/** What is read of the system by itself; the other fields are lists with queries of their own. */
const SUMMARY = ['name', 'status', 'statusReason', 'revision', 'clusterCounts', 'nodeCounts'];

/** The system; what it says of itself is read first, so that everything else is at least as new as its `revision`. */
export async function openSystem({ prisma }: Deps, info: GraphQLResolveInfo): Promise<SystemView> {
  const system = new SystemView(prisma);
  const selected = selectedFields(info);
  if (SUMMARY.some((field) => selected.has(field))) await system.summary;
  return system;
}

export const System = builder.objectRef<SystemView>('System').implement({
  authScopes: { operator: true },
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
      args: { filter: t.arg({ type: ClusterFilter }) },
      resolve: (_system, { filter }, { deps }) => clusterFacets(deps.prisma, filter),
    }),
    clusters: t.prismaConnection(
      {
        type: Cluster,
        cursor: 'id',
        args: clusterListArgs,
        resolve: (query, _parent, args, { deps }) => listClusters(deps.prisma, query, args),
        totalCount: (_parent, { filter }, { deps }) =>
          deps.prisma.cluster.count({ where: clusterWhere(filter) }),
      },
      ClusterConnection,
    ),
    nodes: t.connection(
      {
        type: Node,
        args: nodeListArgs,
        extensions: CHECKED_CURSORS,
        resolve: (_system, args, { deps: { prisma } }) =>
          nodeConnection(
            args,
            (request) => nodesOfSystem(prisma, request),
            (filter) => countNodes(prisma, filter),
          ),
      },
      NodeConnection,
    ),
  }),
});

builder.queryFields((t) => ({
  system: t.field({
    type: System,
    authScopes: { operator: true },
    resolve: (_query, _args, { deps }, info) => openSystem(deps, info),
  }),
  clusters: t.prismaConnection(
    {
      type: Cluster,
      cursor: 'id',
      authScopes: { operator: true },
      args: clusterListArgs,
      resolve: (query, _parent, args, { deps }) => listClusters(deps.prisma, query, args),
      totalCount: (_parent, { filter }, { deps }) =>
        deps.prisma.cluster.count({ where: clusterWhere(filter) }),
    },
    ClusterConnection,
  ),
  cluster: t.prismaField({
    type: Cluster,
    nullable: true,
    authScopes: { operator: true, manager: true },
    args: { id: t.arg.id({ required: true, validate: input.id }) },
    resolve: (query, _parent, { id }, { deps }) =>
      deps.prisma.cluster.findUnique({ ...query, where: { id } }),
  }),
  node: t.prismaField({
    type: Node,
    nullable: true,
    authScopes: { operator: true, manager: true },
    args: { id: t.arg.id({ required: true, validate: input.id }) },
    resolve: (query, _parent, { id }, { deps }) => deps.prisma.node.findUnique({ ...query, where: { id } }),
  }),
}));
