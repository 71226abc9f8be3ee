import { z } from 'zod';
import { invalid } from '../platform/errors.ts';
import type { ReadJson } from '../platform/database/read-json.ts';
import { Prisma, type PrismaClient } from '../platform/generated/prisma/client.ts';
import { ReportedStatus, type ControlLink } from '../platform/generated/prisma/enums.ts';
import type { NodeModel } from '../platform/generated/prisma/models.ts';
import type { Visibility } from '../access/visibility.ts';
import { isEmpty, nodeConditions, type NodeFilterValue } from './filter.ts';

/** A node with what its status depends on. */
export type NodeRow = NodeModel & { cluster: { link: ControlLink } };

export type NodeOrder = 'WORST_FIRST' | 'NAME';

export interface NodeListRequest {
  filter: NodeFilterValue;
  order: NodeOrder;
  /** Cursors: what lies between the two, without them. */
  after?: string | null | undefined;
  before?: string | null | undefined;
  /** From the end of the list, or from `before`, back. */
  inverted: boolean;
  limit: number;
  /** What is read of each node beside {@link ALWAYS_READ}: the rows are without the others. */
  columns: readonly NodeColumn[];
}

/**
 * A part of the list of all nodes that are seen: one range of one index, (status, name, id) or (name, id), so that a page deep in a
 * long list costs what the first one does.
 * @throws AppError INVALID for a cursor that was not given out here
 */
export async function nodesOfSystem(
  readJson: ReadJson,
  seen: Visibility,
  request: NodeListRequest,
): Promise<NodeRow[]> {
  const nodes = await readJson<NodeJson[]>(Prisma.sql`SELECT ${asJson(listed(request, ...seen.sql))}`);
  return nodes.map(nodeRow);
}

/**
 * The same part of the list of each of these clusters' nodes, in one query that reads no more of them than asked for.
 * @throws AppError INVALID for a cursor that was not given out here
 */
export async function nodesOfClusters(
  readJson: ReadJson,
  clusterIds: readonly string[],
  request: NodeListRequest,
): Promise<Map<string, NodeRow[]>> {
  const ofOne = Prisma.sql`
    SELECT of.id, ${asJson(listed(request, Prisma.sql`n.cluster_id = of.id`))} AS nodes
    FROM unnest(${clusterIds}::text[]) AS of(id)`;
  const clusters = await readJson<{ id: string; nodes: NodeJson[] }[]>(Prisma.sql`SELECT ${asJson(ofOne)}`);
  return new Map(clusters.map(({ id, nodes }) => [id, nodes.map(nodeRow)]));
}

/** How many nodes of the system are seen and pass the filter. */
export async function countNodes(
  prisma: PrismaClient,
  seen: Visibility,
  filter: NodeFilterValue,
): Promise<number> {
  const [row] = await prisma.$queryRaw<[{ count: number }]>(
    isEmpty(filter)
      ? // The clusters' rows have counted them.
        Prisma.sql`SELECT coalesce(sum(down + unhealthy + stopping + starting + stopped + running), 0)::int AS count
          FROM cluster AS c WHERE ${allOf(seen.sql)}`
      : Prisma.sql`SELECT count(*)::int AS count FROM ${FROM}
          WHERE ${allOf([...seen.sql, ...nodeConditions(filter)])}`,
  );
  return row.count;
}

/** How many nodes of each of these clusters pass the filter; those with none are left out. */
export async function countNodesOf(
  prisma: PrismaClient,
  clusterIds: readonly string[],
  filter: NodeFilterValue,
): Promise<Map<string, number>> {
  const within = Prisma.sql`n.cluster_id = ANY(${clusterIds}::text[])`;
  const rows = await prisma.$queryRaw<{ id: string; count: number }[]>(Prisma.sql`
    SELECT n.cluster_id AS id, count(*)::int AS count
    FROM ${FROM} WHERE ${allOf([within, ...nodeConditions(filter)])} GROUP BY n.cluster_id`);
  return new Map(rows.map(({ id, count }) => [id, count]));
}

/** Where a node stands in every order of nodes. */
export const cursorOf = ({ status, name, id }: NodeRow): string =>
  Buffer.from(JSON.stringify([status, name, id])).toString('base64url');

const FROM = Prisma.sql`node AS n JOIN cluster AS c ON c.id = n.cluster_id`;

const COLUMNS = {
  ...{ id: 'id', clusterId: 'cluster_id', name: 'name', status: 'status', statusReason: 'status_reason' },
  ...{ statusSince: 'status_since', reportedAt: 'reported_at', role: 'role', host: 'host', zone: 'zone' },
  ...{ version: 'version', os: 'os', pid: 'pid', address: 'address', cpuCount: 'cpu_count' },
  ...{ memoryTotal: 'memory_total', startedAt: 'started_at', restarts: 'restarts', labels: 'labels' },
  ...{ consoleUrl: 'console_url', lastOutput: 'last_output', joinedAt: 'joined_at', leftAt: 'left_at' },
} satisfies Record<keyof NodeModel, string>;

export type NodeColumn = keyof NodeModel;
export const NODE_COLUMNS = Object.keys(COLUMNS) as NodeColumn[];

/** Its place in every order, and what decides who sees it. */
export const ALWAYS_READ: readonly NodeColumn[] = ['id', 'clusterId', 'name', 'status'];

const selected = (columns: readonly NodeColumn[]): Prisma.Sql =>
  Prisma.raw(
    NODE_COLUMNS.filter((column) => ALWAYS_READ.includes(column) || columns.includes(column))
      .map((column) => `n.${COLUMNS[column]} AS "${column}"`)
      .join(', '),
  );

const allOf = (conditions: readonly Prisma.Sql[]): Prisma.Sql =>
  conditions.length > 0 ? Prisma.join([...conditions], ' AND ') : Prisma.sql`true`;

/** One value a list, not one a column of each row: the driver's work for a cell is more than the database's. */
const asJson = (list: Prisma.Sql): Prisma.Sql =>
  Prisma.sql`(SELECT coalesce(json_agg(list), '[]') FROM (${list}) AS list)`;

function listed(
  { filter, order, after, before, inverted, limit, columns }: NodeListRequest,
  ...within: Prisma.Sql[]
): Prisma.Sql {
  const place = order === 'NAME' ? Prisma.sql`(n.name, n.id)` : Prisma.sql`(n.status, n.name, n.id)`;
  const conditions = [
    ...within,
    ...nodeConditions(filter),
    ...(after != null ? [Prisma.sql`${place} > ${placeOf(after, 'after', order)}`] : []),
    ...(before != null ? [Prisma.sql`${place} < ${placeOf(before, 'before', order)}`] : []),
  ];
  const direction = inverted ? Prisma.sql`DESC` : Prisma.sql`ASC`;
  const byName = Prisma.sql`n.name ${direction}, n.id ${direction}`;
  const orderBy = order === 'NAME' ? byName : Prisma.sql`n.status ${direction}, ${byName}`;
  // As a parameter the limit would be unknown when the statement is planned, and so it would be planned each time anew.
  return Prisma.sql`SELECT ${selected(columns)}, c.link FROM ${FROM}
    WHERE ${allOf(conditions)} ORDER BY ${orderBy} LIMIT ${Prisma.raw(String(limit))}`;
}

const text = z.string().regex(/^[^\0]*$/);
const placeIn = z.tuple([z.enum(ReportedStatus), text, text]);

function placeOf(cursor: string, field: string, order: NodeOrder): Prisma.Sql {
  const { data } = placeIn.safeParse(jsonOf(Buffer.from(cursor, 'base64url').toString()));
  if (!data) throw invalid(field, 'is no cursor that was given out here');
  const [status, name, id] = data;
  return order === 'NAME'
    ? Prisma.sql`(${name}, ${id})`
    : Prisma.sql`(${status}::"ReportedStatus", ${name}, ${id})`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON has no times. */
const TIMES = ['statusSince', 'reportedAt', 'startedAt', 'joinedAt', 'leftAt'] as const;
type NodeJson = Partial<Record<(typeof TIMES)[number], string | null>> & { link: ControlLink };

/** In place: a page is read more often than anything else. */
function nodeRow(json: NodeJson): NodeRow {
  const row = json as Record<string, unknown>;
  for (const time of TIMES) {
    const value = json[time];
    if (typeof value === 'string') row[time] = new Date(value);
  }
  row['cluster'] = { link: json.link };
  return row as unknown as NodeRow;
}
