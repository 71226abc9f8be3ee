import {
  ColumnTypeEnum,
  type ColumnType,
  type SqlDriverAdapter,
  type SqlQuery,
  type Transaction as DriverTransaction,
} from '@prisma/driver-adapter-utils';
import { Prisma } from '../generated/prisma/client.ts';

/** What takes statements: a transaction of Prisma, or one of the driver alone. */
export interface Sql {
  $queryRaw<T>(query: TemplateStringsArray, ...values: unknown[]): Promise<T>;
  $executeRaw(query: TemplateStringsArray, ...values: unknown[]): Promise<number>;
}

/**
 * Runs `work` in one transaction of the driver's: committed when it resolves, rolled back when it rejects. Statements
 * and values go to the driver as they are: what Prisma does about them is more than that, which counts where there are
 * many. Only statements are bounded in time, not the transaction. Errors are the driver adapter's.
 */
export type InSqlTransaction = <T>(work: (sql: Sql) => Promise<T>) => Promise<T>;

/** On the embedded database it waits for its one connection as Prisma's transactions do. */
export const sqlTransactions =
  (driver: Pick<SqlDriverAdapter, 'startTransaction'>): InSqlTransaction =>
  async <T>(work: (sql: Sql) => Promise<T>) => {
    const transaction = await driver.startTransaction();
    let value: T;
    try {
      value = await work(sqlOf(transaction));
    } catch (error) {
      // What went wrong first is what is told.
      await end(transaction, 'rollback').catch(() => undefined);
      throw error;
    }
    await end(transaction, 'commit');
    return value;
  };

/** An adapter that has no use for a phantom query leaves the statement to us, and only gives the connection back. */
async function end(transaction: DriverTransaction, how: 'commit' | 'rollback'): Promise<void> {
  try {
    if (!transaction.options.usePhantomQuery)
      await transaction.executeRaw({ sql: how.toUpperCase(), args: [], argTypes: [] });
  } finally {
    await transaction[how]();
  }
}

const sqlOf = (transaction: DriverTransaction): Sql => ({
  async $queryRaw<T>(query: TemplateStringsArray, ...values: unknown[]) {
    const { columnNames, columnTypes, rows } = await transaction.queryRaw(
      queryOf(Prisma.sql(query, ...values)),
    );
    const readers = columnTypes.map((type) => READERS[type]);
    const row = (cells: readonly unknown[]) =>
      Object.fromEntries(
        cells.map((cell, index) => [
          columnNames[index]!,
          cell === null ? null : (readers[index]?.(cell) ?? cell),
        ]),
      );
    return rows.map(row) as T;
  },
  $executeRaw: (query, ...values) => transaction.executeRaw(queryOf(Prisma.sql(query, ...values))),
});

/** @returns what the driver takes a statement as. */
export const queryOf = ({ text, values }: Prisma.Sql): SqlQuery => ({
  sql: text,
  args: values,
  argTypes: values.map((value) => ({
    scalarType: 'unknown',
    arity: Array.isArray(value) ? 'list' : 'scalar',
  })),
});

/** What the driver gives as text and Prisma's raw queries do not. */
const READERS: Partial<Record<ColumnType, (cell: unknown) => unknown>> = {
  [ColumnTypeEnum.DateTime]: (text) => new Date(text as string),
  [ColumnTypeEnum.Int64]: (digits) => BigInt(digits as string),
  [ColumnTypeEnum.Json]: (text) => JSON.parse(text as string) as unknown,
};
