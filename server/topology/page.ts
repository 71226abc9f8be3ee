import type { Prisma } from '../platform/generated/prisma/client.ts';
import { ReportedStatus } from '../platform/generated/prisma/enums.ts';
import type { NodeFilterValue } from './filter.ts';

export type NodeOrder = 'WORST_FIRST' | 'NAME';

/** Where a node stands in every order of nodes. */
export interface Position {
  status: ReportedStatus;
  name: string;
  id: string;
}

export interface PageRequest {
  order: NodeOrder;
  /** The page ends before the position, or at the end of the list; else it begins after it, or at the beginning. */
  backward: boolean;
  from: Position | undefined;
  /** The statuses that can be in the list. */
  statuses: readonly ReportedStatus[];
}

/** A part of the list that is one range of one index, in the direction in which it is read. */
export interface Range {
  where: Prisma.NodeWhereInput;
  orderBy: Prisma.NodeOrderByWithRelationInput[];
}

/**
 * The ranges that a page is read from, one after the other until it is full. Together they are all that lies beyond
 * the position. Each is bounded by equalities and one inequality on an index, (status, name, id) or (name, id), so
 * that a page deep in a long list costs what the first one does. PostgreSQL would do the same for a comparison of
 * rows, which Prisma cannot say.
 */
export function pageRanges({ order, backward, from, statuses }: PageRequest): Range[] {
  const direction = backward ? ('desc' as const) : ('asc' as const);
  const byName: Range['orderBy'] = [{ name: direction }, { id: direction }];
  const byStatus: Range['orderBy'] = [{ status: direction }, ...byName];
  const beyond = <T extends string>(value: T) => (backward ? { lt: value } : { gt: value });
  const worstFirst = Object.values(ReportedStatus).filter((status) => statuses.includes(status));

  const afterName = (within: Prisma.NodeWhereInput, { name, id }: Position): Range[] => [
    { where: { ...within, name, id: beyond(id) }, orderBy: [{ id: direction }] },
    { where: { ...within, name: beyond(name) }, orderBy: byName },
  ];
  if (order === 'NAME') return from ? afterName({}, from) : [{ where: {}, orderBy: byName }];
  if (!from && !backward) return [{ where: {}, orderBy: byStatus }];
  const inTurn = backward ? worstFirst.reverse() : worstFirst;
  const rank = (status: ReportedStatus) => Object.values(ReportedStatus).indexOf(status);
  const further = inTurn.filter(
    (status) => !from || (backward ? rank(status) < rank(from.status) : rank(status) > rank(from.status)),
  );
  return [
    ...(from && statuses.includes(from.status) ? afterName({ status: from.status }, from) : []),
    ...further.map((status): Range => ({ where: { status }, orderBy: byName })),
  ];
}

/** The statuses, as reported, that nodes which pass the filter can have. */
export function possibleStatuses({ status, includeLeft }: NodeFilterValue): ReportedStatus[] {
  const wanted = Object.values(ReportedStatus).filter(
    (reported) => !status || status.includes(reported) || (status.includes('UNKNOWN') && reported !== 'LEFT'),
  );
  return includeLeft || status?.includes('LEFT') ? wanted : wanted.filter((reported) => reported !== 'LEFT');
}
