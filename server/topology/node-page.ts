import { z } from 'zod';
import { invalid } from '../platform/errors.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { ReportedStatus } from '../platform/generated/prisma/enums.ts';
import type { NodeModel } from '../platform/generated/prisma/models.ts';
import { nodeWhere, type NodeFilterValue } from './filter.ts';
import { pageRanges, possibleStatuses, type NodeOrder, type Position } from './page.ts';

/** A page as the connection asks for it: a negative `take` reads backward. */
interface PageQuery {
  cursor?: { status_name_id?: unknown };
  take: number;
  skip: number;
}

const positionOf = z.object({ status: z.enum(ReportedStatus), name: z.string(), id: z.string() });

/**
 * One page of all nodes, in as many queries as ranges of an index are needed to fill it: one or two, as a rule.
 * @throws AppError INVALID for a cursor that was not given out here.
 */
export async function nodePage(
  prisma: PrismaClient,
  { cursor, take, skip: _skip, ...query }: PageQuery,
  filter: NodeFilterValue,
  order: NodeOrder,
): Promise<NodeModel[]> {
  const backward = take < 0;
  const size = Math.abs(take);
  const from = cursor && readPosition(cursor.status_name_id, backward ? 'before' : 'after');
  const rows: NodeModel[] = [];
  for (const { where, orderBy } of pageRanges({
    order,
    backward,
    from,
    statuses: possibleStatuses(filter),
  })) {
    const missing = size - rows.length;
    if (missing === 0) break;
    const both = { AND: [where, nodeWhere(filter)] };
    rows.push(...(await prisma.node.findMany({ ...query, where: both, orderBy, take: missing })));
  }
  return backward ? rows.reverse() : rows;
}

function readPosition(cursor: unknown, field: string): Position {
  const { data } = positionOf.safeParse(cursor);
  if (!data) throw invalid(field, 'is no cursor that was given out here');
  return data;
}
