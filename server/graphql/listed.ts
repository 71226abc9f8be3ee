import { queryFromInfo } from '@pothos/plugin-prisma';
import type { DefaultConnectionArguments } from '@pothos/plugin-relay';
import type { GraphQLResolveInfo } from 'graphql';
import type { Context } from './context.ts';
import type { Keyset } from './keyset.ts';
import { isCountOnly } from './selection.ts';

/** What is asked of a table: Prisma's own are of this kind. */
interface Table<Where, Row> {
  findMany(query: { where: Where }): Promise<Row[]>;
  count(query: { where: Where }): Promise<number>;
}

/**
 * The connection that a root field answers: those rows of a table that pass, in an order. It reads what is selected,
 * no row when only the count is, and does not count when that is not selected. The field is to be marked with
 * `CHECKED_CURSORS`.
 * @throws AppError INVALID for a cursor that was not given out by this order; PothosValidationError for a wrong size
 */
export async function listed<Where extends object, OrderBy extends object, Row extends object>(
  order: Keyset<Where, OrderBy>,
  args: DefaultConnectionArguments,
  passing: Where,
  table: Table<Where, Row>,
  context: Context,
  info: GraphQLResolveInfo,
) {
  const { where, ...page } = order.page(args);
  const query: object = queryFromInfo({ context, info, select: order.select, path: ['edges', 'node'] });
  const both = { AND: [passing, where] } as unknown as Where;
  const rows = isCountOnly(info) ? [] : table.findMany({ ...query, ...page, where: both });
  return { ...(await order.connection(args, rows)), totalCount: () => table.count({ where: passing }) };
}
