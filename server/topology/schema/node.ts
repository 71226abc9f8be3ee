import type { InputShapeFromFields } from '@pothos/core';
import type { FieldNode, GraphQLObjectType, GraphQLResolveInfo } from 'graphql';
import { parseCursorConnectionArgs, type DefaultConnectionArguments } from '@pothos/plugin-relay';
import { PAGE_SIZES, builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import { OUTPUT_LINES } from '../../graphql/cost.ts';
import * as input from '../../graphql/input.ts';
import { selectedFields } from '../../graphql/selection.ts';
import { Label } from '../../graphql/label.ts';
import type { NodeFilterValue } from '../filter.ts';
import { NODE_COLUMNS, cursorOf, type NodeColumn, type NodeListRequest, type NodeRow } from '../node-list.ts';
import { effectiveStatus } from '../status.ts';
import { Permission } from '../../access/schema/grant.ts';
import { mayOperate } from './may-operate.ts';
import { NodeStatus } from './common.ts';

/** One object for all nodes: a rule is evaluated once. */
const VIEWER = { viewer: true };

export const Node = builder.prismaObject('Node', {
  include: { cluster: { select: { link: true } } },
  authScopes: ({ clusterId }, { principal }) =>
    principal.kind === 'manager' ? { managerOf: clusterId } : VIEWER,
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    cluster: t.relation('cluster'),
    status: t.field({
      type: NodeStatus,
      description: 'UNKNOWN while the manager of its cluster is silent; else `reportedStatus`.',
      resolve: ({ status, cluster }) => effectiveStatus(status, cluster.link === 'SILENT'),
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
      extensions: OUTPUT_LINES,
    }),
    joinedAt: t.expose('joinedAt', { type: 'DateTime' }),
    leftAt: t.expose('leftAt', { type: 'DateTime', nullable: true }),
    viewerCan: t.field({
      type: [Permission],
      resolve: async ({ clusterId }, _args, context) => [await mayOperate(context, clusterId)],
    }),
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

/** What every field that lists nodes takes. */
export const nodeListArgs = builder.args((t) => ({
  filter: t.field({ type: NodeFilter }),
  orderBy: t.field({ type: NodeOrder, defaultValue: 'WORST_FIRST' }),
}));
type NodeListArgs = InputShapeFromFields<typeof nodeListArgs> & DefaultConnectionArguments;

/** Fields that need no more than what is read of each node anyway. */
const WITHOUT_COLUMN = new Set(['__typename', 'status', 'viewerCan']);

/** By the selection: one that is executed often is looked at once. */
const columnsOf = new WeakMap<readonly FieldNode[], readonly NodeColumn[]>();

/** The columns that the fields need which are selected of the nodes at a path; all where one is more than a column. */
export function nodeColumns(info: GraphQLResolveInfo, ...path: readonly string[]): readonly NodeColumn[] {
  let columns = columnsOf.get(info.fieldNodes);
  if (!columns) columnsOf.set(info.fieldNodes, (columns = selectedColumns(info, path)));
  return columns;
}

function selectedColumns(info: GraphQLResolveInfo, path: readonly string[]): readonly NodeColumn[] {
  const fields = (info.schema.getType(Node.name) as GraphQLObjectType).getFields();
  const columns = [...selectedFields(info, ...path)]
    .filter((name) => !WITHOUT_COLUMN.has(name))
    .map((name) => fields[name]?.extensions['pothosExposedField'] as NodeColumn | undefined);
  return columns.includes(undefined) ? NODE_COLUMNS : (columns as NodeColumn[]);
}

/** The connection that a field which lists nodes answers with. */
export async function nodeConnection(
  { filter, orderBy, ...args }: NodeListArgs,
  info: GraphQLResolveInfo,
  read: (request: NodeListRequest) => Promise<NodeRow[]>,
  count: (filter: NodeFilterValue) => Promise<number> | number,
) {
  const part = parseCursorConnectionArgs({ args, ...PAGE_SIZES });
  const { after, before, inverted, limit, expectedSize } = part;
  const found = await read({
    ...{ after, before, inverted, limit, filter: filter ?? {}, order: orderBy ?? 'WORST_FIRST' },
    columns: nodeColumns(info, 'edges', 'node'),
  });
  const nodes = found.slice(0, expectedSize);
  if (inverted) nodes.reverse();
  const cursorAt = (index: number) => {
    const node = nodes.at(index);
    return node ? cursorOf(node) : (args.after ?? args.before ?? '');
  };
  return {
    edges: nodes.map((node) => new NodeEdge(node)),
    pageInfo: {
      startCursor: cursorAt(0),
      endCursor: cursorAt(-1),
      hasPreviousPage: part.hasPreviousPage(found.length),
      hasNextPage: part.hasNextPage(found.length),
    },
    totalCount: () => count(filter ?? {}),
  };
}

/** Its cursor is made when it is asked for. */
class NodeEdge {
  constructor(readonly node: NodeRow) {}

  get cursor(): string {
    return cursorOf(this.node);
  }
}
