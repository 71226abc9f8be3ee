import type { SqlQuery } from '@prisma/driver-adapter-utils';

/** What is planned: there is nothing to be kept of a BEGIN or a COMMIT. */
const PLANNED = /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i;

/** More than the program has statements: what goes beyond is texts that differ by how many parameters they list. */
const MOST_NAMES = 1000;

/**
 * Names for statements that are asked more than once, so that PostgreSQL parses and plans them once for each
 * connection. What is prepared stays as long as its connection: there is a bound to how many texts get a name.
 *
 * @returns the name of a statement, always the same for one text; undefined: it is not to be prepared.
 */
export function statementNames(most = MOST_NAMES): (query: Pick<SqlQuery, 'sql'>) => string | undefined {
  const names = new Map<string, string>();
  const once = new Set<string>();
  return ({ sql }) => {
    const name = names.get(sql);
    if (name !== undefined || names.size === most || !PLANNED.test(sql)) return name;
    if (once.delete(sql)) names.set(sql, `oc${names.size}`);
    else {
      if (once.size === most) once.clear();
      once.add(sql);
    }
    return names.get(sql);
  };
}
