import type { SqlQueryable } from '@prisma/driver-adapter-utils';
import type { Prisma } from '../generated/prisma/client.ts';

/**
 * Answers the one JSON value that a query selects. It goes to the driver as it is: what Prisma does about a query and
 * its answer is more than that, which counts for what is asked most. Not for use inside of a transaction.
 */
export type ReadJson = <T>(query: Prisma.Sql) => Promise<T>;

/** Errors are the driver adapter's, as those of Prisma's raw queries. */
export const jsonReader =
  (driver: Pick<SqlQueryable, 'queryRaw'>): ReadJson =>
  async <T>({ text, values }: Prisma.Sql) => {
    const argTypes = values.map((value) => ({
      scalarType: 'unknown' as const,
      arity: Array.isArray(value) ? ('list' as const) : ('scalar' as const),
    }));
    const { rows } = await driver.queryRaw({ sql: text, args: values, argTypes });
    return JSON.parse(rows[0]![0] as string) as T;
  };
