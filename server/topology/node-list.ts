import { z } from 'zod';
import { invalid } from '../platform/errors.ts';
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
}

/**
 * A part of the list of all nodes that are seen: one range of one index, (status, name, id) or (name, id), so that a page deep in a
 * long list costs what the first one does.
 * @throws AppError INVALID for a cursor that was not given out here
 */
export async function nodesOfSystem(
  prisma: PrismaClient,
  seen: Visibility,
  request: NodeListRequest,
): Promise<NodeRow[]> {
  const [row] = await prisma.$queryRaw<[{ nodes: NodeJson[] }]>(
    Prisma.sql`SELECT ${asJson(listed(request, ...seen.sql))} AS nodes`,
  );
  return row.nodes.map(nodeRow);
}

/**
 * The same part of the list of each of these clusters' nodes, in one query that reads no more of them than asked for.
 * @throws AppError INVALID for a cursor that was not given out here
 */
export async function nodesOfClusters(
  prisma: PrismaClient,
  clusterIds: readonly string[],
  request: NodeListRequest,
): Promise<Map<string, NodeRow[]>> {
  const rows = await prisma.$queryRaw<{ id: string; nodes: NodeJson[] }[]>(Prisma.sql`
    SELECT of.id, ${asJson(listed(request, Prisma.sql`n.cluster_id = of.id`))} AS nodes
    FROM unnest(${clusterIds}::text[]) AS of(id)`);
  return new Map(rows.map(({ id, nodes }) => [id, nodes.map(nodeRow)]));
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
const NODE = Prisma.sql`n.id, n.cluster_id AS "clusterId", n.name, n.status, n.status_reason AS "statusReason",
  n.status_since AS "statusSince", n.reported_at AS "reportedAt", n.role, n.host, n.zone, n.version, n.os, n.pid,
  n.address, n.cpu_count AS "cpuCount", n.memory_total AS "memoryTotal", n.started_at AS "startedAt", n.restarts,
  n.labels, n.console_url AS "consoleUrl", n.last_output AS "lastOutput", n.joined_at AS "joinedAt",
  n.left_at AS "leftAt", json_build_object('link', c.link) AS cluster`;

const allOf = (conditions: readonly Prisma.Sql[]): Prisma.Sql =>
  conditions.length > 0 ? Prisma.join([...conditions], ' AND ') : Prisma.sql`true`;

/** One value a list, not one a column of each row: the driver's work for a cell is more than the database's. */
const asJson = (list: Prisma.Sql): Prisma.Sql =>
  Prisma.sql`(SELECT coalesce(json_agg(list), '[]') FROM (${list}) AS list)`;

function listed(
  { filter, order, after, before, inverted, limit }: NodeListRequest,
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
  return Prisma.sql`SELECT ${NODE} FROM ${FROM} WHERE ${allOf(conditions)} ORDER BY ${orderBy} LIMIT ${limit}`;
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

type Times = 'statusSince' | 'reportedAt' | 'startedAt' | 'joinedAt' | 'leftAt';
type NodeJson = { [Key in keyof NodeRow]: Key extends Times ? InJson<NodeRow[Key]> : NodeRow[Key] };
type InJson<T> = T extends Date ? string : T;

/** JSON has no times. */
const nodeRow = (json: NodeJson): NodeRow => ({
  ...json,
  statusSince: new Date(json.statusSince),
  reportedAt: new Date(json.reportedAt),
  startedAt: json.startedAt === null ? null : new Date(json.startedAt),
  joinedAt: new Date(json.joinedAt),
  leftAt: json.leftAt === null ? null : new Date(json.leftAt),
});
