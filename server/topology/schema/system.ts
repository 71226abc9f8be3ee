import { builder } from '../../graphql/builder.ts';
import type { PrismaClient } from '../../platform/generated/prisma/client.ts';
import * as input from '../../graphql/input.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import { clusterWhere, nodeWhere } from '../filter.ts';
import { nodePage } from '../node-page.ts';
import { clusterFacets, systemSummary, type SystemSummary } from '../service.ts';
import {
  Cluster,
  ClusterConnection,
  ClusterFilter,
  clusterListArgs,
  clusterOrderBy,
  type ClusterListArgs,
} from './cluster.ts';
import { ClusterStatus, NodeStatusCount } from './common.ts';
import { Node, NodeConnection, NodeFilter, NodeOrder } from './node.ts';

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

export const System = builder.objectRef<SystemSummary>('System').implement({
  authScopes: { operator: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    status: t.expose('status', {
      type: ClusterStatus,
      description: 'As bad as its worst cluster; DOWN when all are.',
    }),
    statusReason: t.exposeString('reason'),
    revision: t.expose('position', {
      type: 'Revision',
      description: 'What is shown is at least as new as this.',
    }),
    serverTime: t.field({
      type: 'DateTime',
      extensions: UNLOGGED,
      resolve: (_system, _args, { deps }) => deps.clock.now(),
    }),
    clusterCounts: t.expose('clusterCounts', { type: [ClusterStatusCount] }),
    nodeCounts: t.expose('nodeCounts', { type: [NodeStatusCount] }),
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
    nodes: t.prismaConnection(
      {
        type: Node,
        cursor: 'status_name_id',
        args: {
          filter: t.arg({ type: NodeFilter }),
          orderBy: t.arg({ type: NodeOrder, defaultValue: 'WORST_FIRST' }),
        },
        resolve: (query, _system, { filter, orderBy }, { deps }) =>
          nodePage(deps.prisma, query, filter ?? {}, orderBy ?? 'WORST_FIRST'),
        totalCount: (_system, { filter }, { deps }) => deps.prisma.node.count({ where: nodeWhere(filter) }),
      },
      NodeConnection,
    ),
  }),
});

builder.queryFields((t) => ({
  system: t.field({
    type: System,
    authScopes: { operator: true },
    resolve: (_query, _args, { deps }) => systemSummary(deps.prisma),
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
