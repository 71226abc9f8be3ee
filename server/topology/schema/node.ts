import type { ControlLink } from '../../platform/generated/prisma/enums.ts';
import type { Prisma } from '../../platform/generated/prisma/client.ts';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import * as input from '../../graphql/input.ts';
import { batched } from '../../graphql/loader.ts';
import { effectiveStatus } from '../status.ts';
import { Label, NodeStatus } from './common.ts';

export const Node = builder.prismaObject('Node', {
  authScopes: (node) => ({ operator: true, managerOf: node.clusterId }),
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    cluster: t.relation('cluster'),
    status: t.field({
      type: NodeStatus,
      description: 'UNKNOWN while the manager of its cluster is silent; else `reportedStatus`.',
      resolve: async (node, _args, context) =>
        effectiveStatus(node.status, (await linkOf(context, node.clusterId)) === 'SILENT'),
    }),
    reportedStatus: t.expose('status', { type: NodeStatus }),
    statusReason: t.exposeString('statusReason', { nullable: true }),
    statusSince: t.expose('statusSince', { type: 'DateTime' }),
    reportedAt: t.expose('reportedAt', {
      type: 'DateTime',
      description:
        'When its manager last told a change of it, by the OC’s clock. How old that is now: `cluster.lastHeardAt`.',
    }),
    role: t.exposeString('role', { nullable: true }),
    host: t.exposeString('host', { nullable: true }),
    zone: t.exposeString('zone', { nullable: true }),
    version: t.exposeString('version', { nullable: true }),
    os: t.exposeString('os', { nullable: true }),
    pid: t.exposeInt('pid', { nullable: true }),
    address: t.exposeString('address', { nullable: true }),
    cpuCount: t.exposeInt('cpuCount', { nullable: true }),
    memoryTotal: t.exposeFloat('memoryTotal', { nullable: true, description: 'Bytes.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    restarts: t.exposeInt('restarts'),
    labels: t.field({ type: [Label], resolve: (node) => input.labelList(node.labels) }),
    consoleUrl: t.exposeString('consoleUrl', { nullable: true }),
    lastOutput: t.exposeStringList('lastOutput', {
      description: 'The last lines it wrote, oldest first, told by its manager when it died or failed.',
    }),
    joinedAt: t.expose('joinedAt', { type: 'DateTime' }),
    leftAt: t.expose('leftAt', { type: 'DateTime', nullable: true }),
  }),
});

export const NodeConnection = connectionOf(Node, 'Node');

export const NodeFilter = builder.inputType('NodeFilter', {
  description:
    'A node passes when it passes every part that is set. Nodes that left are left out unless asked for.',
  fields: (t) => ({
    search: t.string({ description: 'Part of the name, host or address.', validate: input.search.nullish() }),
    status: t.field({ type: [NodeStatus] }),
    clusterId: t.id({ validate: input.id.nullish() }),
    zone: t.stringList({ validate: input.values.nullish() }),
    ids: t.idList({ validate: input.ids.nullish() }),
    includeLeft: t.boolean({ defaultValue: false }),
  }),
});

export const NodeOrder = builder.enumType('NodeOrder', { values: ['WORST_FIRST', 'NAME'] as const });

const linkOf = batched<ControlLink>(async (ids, { prisma }) => {
  const clusters = await prisma.cluster.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, link: true },
  });
  return new Map(clusters.map(({ id, link }) => [id, link]));
}, 'SILENT');

/** The order of a list of nodes; ends in the id so that pages never overlap. */
export const nodeOrderBy = (
  order: 'WORST_FIRST' | 'NAME' | null | undefined,
): Prisma.NodeOrderByWithRelationInput[] =>
  order === 'NAME' ? [{ name: 'asc' }, { id: 'asc' }] : [{ status: 'asc' }, { name: 'asc' }, { id: 'asc' }];
