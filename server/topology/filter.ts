import { contains, literally } from '../platform/contains.ts';
import { Prisma } from '../platform/generated/prisma/client.ts';
import type { ClusterStatus } from '../platform/generated/prisma/enums.ts';
import type { Label } from '../access/grants.ts';
import { hasLabel, type Visibility } from '../access/visibility.ts';
import type { NodeStatus } from './status.ts';

export interface ClusterFilterValue {
  search?: string | null | undefined;
  status?: readonly ClusterStatus[] | null | undefined;
  kind?: readonly string[] | null | undefined;
  labels?: readonly Label[] | null | undefined;
  ids?: readonly string[] | null | undefined;
}

export interface NodeFilterValue {
  search?: string | null | undefined;
  status?: readonly NodeStatus[] | null | undefined;
  clusterId?: string | null | undefined;
  zone?: readonly string[] | null | undefined;
  ids?: readonly string[] | null | undefined;
  includeLeft?: boolean | null | undefined;
}

/** The clusters that are seen and pass all parts of the filter that are set; an empty list passes none. */
export function clusterWhere(
  filter: ClusterFilterValue | null | undefined,
  seen: Visibility,
): Prisma.ClusterWhereInput {
  const { search, status, kind, labels, ids } = filter ?? {};
  const and: Prisma.ClusterWhereInput[] = seen.all ? [] : [seen.clusters];
  if (search) {
    const node = { name: contains(search), status: { not: 'LEFT' as const } };
    and.push({ OR: [{ name: contains(search) }, { kind: contains(search) }, { nodes: { some: node } }] });
  }
  if (status) and.push({ status: { in: [...status] } });
  if (kind) and.push({ kind: { in: [...kind] } });
  if (ids) and.push({ id: { in: [...ids] } });
  for (const { key, value } of labels ?? []) and.push({ labels: { some: { key, value } } });
  return { AND: and };
}

/** The same as `clusterWhere`, of clusters that a statement calls `c`. */
export function clusterConditions(
  filter: ClusterFilterValue | null | undefined,
  seen: Visibility,
): Prisma.Sql[] {
  const { search, status, kind, labels, ids } = filter ?? {};
  const conditions = [...seen.sql];
  if (search) {
    const pattern = `%${literally(search)}%`;
    conditions.push(Prisma.sql`(c.name ILIKE ${pattern} OR c.kind ILIKE ${pattern} OR EXISTS (
      SELECT 1 FROM node AS n WHERE n.cluster_id = c.id AND n.name ILIKE ${pattern} AND n.status <> 'LEFT'))`);
  }
  if (status) conditions.push(Prisma.sql`c.status = ANY(${[...status]}::text[]::"ClusterStatus"[])`);
  if (kind) conditions.push(Prisma.sql`c.kind = ANY(${[...kind]}::text[])`);
  if (ids) conditions.push(Prisma.sql`c.id = ANY(${[...ids]}::text[])`);
  conditions.push(...(labels ?? []).map(hasLabel));
  return conditions;
}

/** All of the conditions; of none everything passes. */
export const allOf = (conditions: readonly Prisma.Sql[]): Prisma.Sql =>
  conditions.length > 0 ? Prisma.join([...conditions], ' AND ') : Prisma.sql`true`;

/**
 * What holds of the nodes (`n`, with their clusters `c`) that pass all parts of the filter that are set. Those that
 * left only when they are asked for.
 */
export function nodeConditions(filter: NodeFilterValue): Prisma.Sql[] {
  const { search, status, clusterId, zone, ids, includeLeft } = filter;
  const conditions: Prisma.Sql[] = [];
  if (search) {
    const pattern = `%${literally(search)}%`;
    conditions.push(
      Prisma.sql`(n.name ILIKE ${pattern} OR n.host ILIKE ${pattern} OR n.address ILIKE ${pattern})`,
    );
  }
  if (clusterId) conditions.push(Prisma.sql`n.cluster_id = ${clusterId}`);
  if (zone) conditions.push(Prisma.sql`n.zone = ANY(${[...zone]}::text[])`);
  if (ids) conditions.push(Prisma.sql`n.id = ANY(${[...ids]}::text[])`);
  if (status) conditions.push(statusCondition(status));
  if (!includeLeft && !status?.includes('LEFT')) conditions.push(Prisma.sql`n.status <> 'LEFT'`);
  return conditions;
}

function statusCondition(wanted: readonly NodeStatus[]): Prisma.Sql {
  const reported = wanted.filter((status) => status !== 'UNKNOWN');
  const heard = Prisma.sql`(n.status = ANY(${reported}::text[]::"ReportedStatus"[]) AND c.link = 'CONNECTED')`;
  // A node that left has left, whether its manager is heard or not.
  const left = wanted.includes('LEFT') ? [Prisma.sql`n.status = 'LEFT'`] : [];
  const unknown = wanted.includes('UNKNOWN') ? [Prisma.sql`(n.status <> 'LEFT' AND c.link = 'SILENT')`] : [];
  return Prisma.sql`(${Prisma.join([heard, ...left, ...unknown], ' OR ')})`;
}

/** Whether all nodes pass but those that left. */
export const isEmpty = ({ includeLeft, search, ...lists }: NodeFilterValue): boolean =>
  !includeLeft && !search && Object.values(lists).every((list) => list == null);
