import type { SqlQueryable } from '@prisma/driver-adapter-utils';
import type { Prisma } from '../generated/prisma/client.ts';
import { queryOf } from './sql-transaction.ts';

/**
 * Answers the one JSON value that a query selects. It goes to the driver as it is: what Prisma does about a query and
 * its answer is more than that, which counts for what is asked most. Not for use inside of a transaction.
 */
export type ReadJson = <T>(query: Prisma.Sql) => Promise<T>;

/** Errors are the driver adapter's, as those of Prisma's raw queries. */
export const jsonReader =
  (driver: Pick<SqlQueryable, 'queryRaw'>): ReadJson =>
  async <T>(query: Prisma.Sql) => {
    const { rows } = await driver.queryRaw(queryOf(query));
    return JSON.parse(rows[0]![0] as string) as T;
  };
