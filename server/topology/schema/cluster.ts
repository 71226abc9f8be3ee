import type { InputShapeFromFields } from '@pothos/core';
import type { DefaultConnectionArguments } from '@pothos/plugin-relay';
import type { Prisma } from '../../platform/generated/prisma/client.ts';
import { ClusterStatus as ClusterStatusEnum } from '../../platform/generated/prisma/enums.ts';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { byText, Keyset, newestBy, worstBy } from '../../graphql/keyset.ts';
import { Label, LabelInput } from '../../graphql/label.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import { batched } from '../../graphql/loader.ts';
import { isEmpty, type NodeFilterValue } from '../filter.ts';
import { countNodesOf, nodesOfClusters, type NodeListRequest, type NodeRow } from '../node-list.ts';
import { COUNTED_STATUSES, COUNT_COLUMNS, total, type NodeStatus as NodeStatusValue } from '../status.ts';
import { countsOf, type ClusterRow } from '../service.ts';
import { Permission } from '../../access/schema/grant.ts';
import { mayOperate } from './may-operate.ts';
import { ClusterStatus, ControlLink, NodeStatusCount } from './common.ts';
import { Node, NodeConnection, nodeColumns, nodeConnection, nodeListArgs } from './node.ts';

export const Cluster = builder.prismaObject('Cluster', {
  authScopes: (cluster) => ({ viewer: true, managerOf: cluster.id }),
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    kind: t.exposeString('kind', {
      description: 'Kind of cluster as its manager’s driver names it, e.g. `process`.',
    }),
    labels: t.field({
      type: [Label],
      select: { labels: { select: { key: true, value: true } } },
      resolve: ({ labels }) => input.sortedLabels(labels),
    }),
    status: t.expose('status', { type: ClusterStatus }),
    statusReason: t.exposeString('statusReason'),
    statusSince: t.expose('statusSince', { type: 'DateTime' }),
    controlLink: t.expose('link', { type: ControlLink }),
    lastHeardAt: t.expose('lastHeardAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the OC last heard from the primary manager.',
      extensions: UNLOGGED,
    }),
    leaseExpiresAt: t.expose('leaseExpiresAt', { type: 'DateTime', nullable: true, extensions: UNLOGGED }),
    epoch: t.exposeInt('epoch', { description: 'Grows by one with each new primary.' }),
    nodeTotal: t.int({ resolve: (cluster) => total(countsOf(cluster)) }),
    nodeCounts: t.field({
      type: [NodeStatusCount],
      description: 'Nodes by status, those with none left out, worst first.',
      resolve: (cluster) =>
        cluster.link === 'SILENT'
          ? [{ status: 'UNKNOWN' as const, count: total(countsOf(cluster)) }].filter(({ count }) => count > 0)
          : lastKnownCounts(cluster),
    }),
    lastKnownNodeCounts: t.field({
      type: [NodeStatusCount],
      description: 'As `nodeCounts`, by the last report even while the manager is silent.',
      resolve: lastKnownCounts,
    }),
    nodes: t.connection(
      {
        type: Node,
        args: nodeListArgs,
        extensions: CHECKED_CURSORS,
        resolve: (cluster, args, context, info) =>
          nodeConnection(
            args,
            info,
            (request) => nodesOf(context, cluster.id, request),
            // The cluster's row has counted them.
            (filter) => (isEmpty(filter) ? total(countsOf(cluster)) : countOf(context, cluster.id, filter)),
          ),
      },
      NodeConnection,
    ),
    cells: t.field({
      type: [Node],
      description:
        'The first `limit` (1 to 200) nodes, worst first: the cells of the map. Those that left are not among them.',
      args: { limit: t.arg.int({ defaultValue: 60, validate: input.limit(200) }) },
      resolve: ({ id }, { limit }, context, info) =>
        nodesOf(context, id, {
          ...{ filter: {}, order: 'WORST_FIRST', inverted: false, limit: limit ?? 60 },
          columns: nodeColumns(info),
        }),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    viewerCan: t.field({
      type: [Permission],
      resolve: async ({ id }, _args, context) => [await mayOperate(context, id)],
    }),
  }),
});

const nodesOf = batched<NodeRow[], NodeListRequest>(
  (clusterIds, { readJson }, request) => nodesOfClusters(readJson, clusterIds, request),
  [],
);
const countOf = batched<number, NodeFilterValue>(
  (clusterIds, { prisma }, filter) => countNodesOf(prisma, clusterIds, filter),
  0,
);

function lastKnownCounts(cluster: ClusterRow): { status: NodeStatusValue; count: number }[] {
  return COUNTED_STATUSES.map((status) => ({ status, count: cluster[COUNT_COLUMNS[status]] })).filter(
    ({ count }) => count > 0,
  );
}

export const ClusterConnection = connectionOf(Cluster, 'Cluster');

export const ClusterFilter = builder.inputType('ClusterFilter', {
  description: 'A cluster passes when it passes every part that is set.',
  fields: (t) => ({
    search: t.string({
      description: 'Part of the name, the kind or the name of a node.',
      validate: input.search.nullish(),
    }),
    status: t.field({ type: [ClusterStatus] }),
    kind: t.stringList({ validate: input.values.nullish() }),
    labels: t.field({ type: [LabelInput], validate: input.labels.nullish() }),
    ids: t.idList({ validate: input.ids.nullish() }),
  }),
});

export const ClusterOrder = builder.enumType('ClusterOrder', {
  values: ['WORST_FIRST', 'NAME', 'NEWEST_FIRST'] as const,
});

type ClusterKeyset = Keyset<Prisma.ClusterWhereInput, Prisma.ClusterOrderByWithRelationInput>;

/** The orders of a list of clusters; a name is one cluster's alone. */
export const CLUSTER_ORDER: Record<typeof ClusterOrder.$inferType, ClusterKeyset> = {
  WORST_FIRST: new Keyset(worstBy('status', Object.values(ClusterStatusEnum)), byText('name')),
  NAME: new Keyset(byText('name')),
  NEWEST_FIRST: new Keyset(newestBy('createdAt'), byText('name')),
};

/** What every field that lists clusters takes. */
export const clusterListArgs = builder.args((t) => ({
  filter: t.field({ type: ClusterFilter }),
  orderBy: t.field({ type: ClusterOrder, defaultValue: 'WORST_FIRST' }),
}));
export type ClusterListArgs = InputShapeFromFields<typeof clusterListArgs> & DefaultConnectionArguments;
