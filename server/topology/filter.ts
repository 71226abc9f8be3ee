import type { Prisma } from '../platform/generated/prisma/client.ts';
import type { ClusterStatus, ReportedStatus } from '../platform/generated/prisma/enums.ts';
import type { NodeStatus } from './status.ts';

export interface Label {
  key: string;
  value: string;
}

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

/** A part of a text, whatever the case; `%` and `_` are letters like any other. */
export const contains = (search: string) => ({
  contains: search.replace(/[\\%_]/g, '\\$&'),
  mode: 'insensitive' as const,
});

/** The clusters that pass all parts of the filter that are set; an empty list passes none. */
export function clusterWhere(filter: ClusterFilterValue | null | undefined): Prisma.ClusterWhereInput {
  const { search, status, kind, labels, ids } = filter ?? {};
  const and: Prisma.ClusterWhereInput[] = [];
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

/** The nodes that pass all parts of the filter that are set. Those that left only when they are asked for. */
export function nodeWhere(filter: NodeFilterValue | null | undefined): Prisma.NodeWhereInput {
  const { search, status, clusterId, zone, ids, includeLeft } = filter ?? {};
  const and: Prisma.NodeWhereInput[] = [];
  if (search)
    and.push({ OR: [{ name: contains(search) }, { host: contains(search) }, { address: contains(search) }] });
  if (clusterId) and.push({ clusterId });
  if (zone) and.push({ zone: { in: [...zone] } });
  if (ids) and.push({ id: { in: [...ids] } });
  if (status) and.push(statusWhere(status));
  if (!includeLeft && !status?.includes('LEFT')) and.push({ status: { not: 'LEFT' } });
  return { AND: and };
}

function statusWhere(wanted: readonly NodeStatus[]): Prisma.NodeWhereInput {
  const reported = wanted.filter((status): status is ReportedStatus => status !== 'UNKNOWN');
  const heard: Prisma.NodeWhereInput = { status: { in: reported }, cluster: { link: 'CONNECTED' } };
  // A node that left has left, whether its manager is heard or not.
  const left: Prisma.NodeWhereInput = { status: 'LEFT' };
  const unknown: Prisma.NodeWhereInput = { status: { not: 'LEFT' }, cluster: { link: 'SILENT' } };
  return {
    OR: [heard, ...(wanted.includes('LEFT') ? [left] : []), ...(wanted.includes('UNKNOWN') ? [unknown] : [])],
  };
}
