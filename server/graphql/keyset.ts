import { parseCursorConnectionArgs } from '@pothos/core';
import { resolveCursorConnection, type DefaultConnectionArguments } from '@pothos/plugin-relay';
import { z } from 'zod';
import { invalid } from '../platform/errors.ts';
import { PAGE_SIZES } from './builder.ts';

type Value = string | number | Date;

/** A column that a list is ordered by. */
export interface Column {
  /** Where it is in a row and in Prisma's filters: `['name']`, `['cluster', 'name']`. */
  path: readonly [string, string?];
  descending: boolean;
  /** What a cursor may say of it. */
  type: z.ZodType<Value>;
  /** Of an enum: its values as the database orders them. Prisma cannot compare them. */
  values?: readonly string[];
}

const text = z.string().regex(/^[^\0]*$/);
const time = z.iso.datetime().pipe(z.coerce.date());

export const byText = (...path: Column['path']): Column => ({ path, descending: false, type: text });
export const byNumber = (column: string): Column => ({
  ...{ path: [column], descending: false, type: z.int32() },
});
/** By a time. */
export const oldestBy = (column: string): Column => ({ path: [column], descending: false, type: time });
export const newestBy = (column: string): Column => ({ ...oldestBy(column), descending: true });
/** @param values as they are declared. */
export const worstBy = (column: string, values: readonly string[]): Column => ({
  ...{ path: [column], descending: false, values },
  type: text.refine((value) => values.includes(value)),
});

/** What Prisma is asked for a page. */
interface Page<Where, OrderBy> {
  where: Where;
  orderBy: OrderBy[];
  take: number;
}

/**
 * The order of a list, and its pages. A cursor says the values that a row is ordered by, not which row it is: so it
 * tells nobody whether there is such a row, and a page goes on where it ended when that row is gone or has moved.
 * @param columns the last of them unique among the rows of the list.
 */
export class Keyset<Where extends object, OrderBy extends object> {
  readonly #columns: readonly Column[];
  /** What has to be read of each row for its cursor, as Prisma selects it. */
  readonly select: Record<string, true | { select: Record<string, true> }>;

  constructor(...columns: Column[]) {
    this.#columns = columns;
    this.select = Object.fromEntries(
      columns.map(({ path: [first, second] }) => [first, second ? { select: { [second]: true } } : true]),
    );
  }

  /**
   * The part of the query for one page.
   * @throws AppError INVALID for a cursor that was not given out here; PothosValidationError for a wrong size
   */
  page(args: DefaultConnectionArguments): Page<Where, OrderBy> {
    const { after, before, inverted, limit } = parseCursorConnectionArgs({ args, ...PAGE_SIZES });
    const conditions = [
      ...(after != null ? [this.#beyond(this.#placeIn(after, 'after'), true)] : []),
      ...(before != null ? [this.#beyond(this.#placeIn(before, 'before'), false)] : []),
    ];
    return {
      where: { AND: conditions } as unknown as Where,
      orderBy: this.#columns.map(
        ({ path, descending }) => within(path, descending === inverted ? 'asc' : 'desc') as OrderBy,
      ),
      take: limit,
    };
  }

  /** The connection of the rows that were read by `page` with the same arguments. */
  connection<Row extends object>(args: DefaultConnectionArguments, rows: Row[] | Promise<Row[]>) {
    const toCursor = (row: Row): string =>
      Buffer.from(JSON.stringify(this.#columns.map(({ path }) => valueAt(row, path)))).toString('base64url');
    return resolveCursorConnection<Promise<Row[]>>({ args, ...PAGE_SIZES, toCursor }, async () => rows);
  }

  /** What stands behind a place in the order, or before it. */
  #beyond(place: readonly Value[], behind: boolean): object {
    const ways = this.#columns.map(({ path, descending, values }, index) => {
      const larger = behind !== descending;
      const value = place[index]!;
      const same = this.#columns.slice(0, index).map((column, i) => within(column.path, place[i]));
      const further = values
        ? { in: values.filter((one) => (larger ? isAfter : isBefore)(values, one, value)) }
        : { [larger ? 'gt' : 'lt']: value };
      return { AND: [...same, within(path, further)] };
    });
    return { OR: ways };
  }

  #placeIn(cursor: string, field: string): Value[] {
    const said = jsonOf(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(said) && said.length === this.#columns.length) {
      const parsed = this.#columns.map(({ type }, index) => type.safeParse(said[index]));
      if (parsed.every(({ success }) => success)) return parsed.map(({ data }) => data!);
    }
    throw invalid(field, 'is no cursor that was given out here');
  }
}

const isAfter = (values: readonly unknown[], one: unknown, other: unknown): boolean =>
  values.indexOf(one) > values.indexOf(other);
const isBefore = (values: readonly unknown[], one: unknown, other: unknown): boolean =>
  values.indexOf(one) < values.indexOf(other);

/** `what` at the end of the path: `{ cluster: { name: what } }`. */
const within = ([column, ofIt]: Column['path'], what: unknown): object => ({
  [column]: ofIt === undefined ? what : { [ofIt]: what },
});

const valueAt = (row: object, [column, ofIt]: Column['path']): unknown => {
  const value = (row as Record<string, unknown>)[column];
  return ofIt === undefined ? value : (value as Record<string, unknown>)[ofIt];
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
