import type { Target } from '../harness/rows.ts';

const PAGE = 'edges { cursor } pageInfo { hasNextPage hasPreviousPage }';

/** A page of each list that has cursors, with these arguments, of or around a target. */
export const lists = ({ cluster, operation }: Target) => ({
  clusters: (args: string) => `{ list: clusters(${args}) { ${PAGE} } }`,
  byName: (args: string) => `{ list: clusters(orderBy: NAME, ${args}) { ${PAGE} } }`,
  newest: (args: string) => `{ list: clusters(orderBy: NEWEST_FIRST, ${args}) { ${PAGE} } }`,
  operations: (args: string) => `{ list: operations(${args}) { ${PAGE} } }`,
  managers: (args: string) => `{ of: cluster(id: "${cluster}") { list: managers(${args}) { ${PAGE} } } }`,
  commands: (args: string) => `{ of: operation(id: "${operation}") { list: commands(${args}) { ${PAGE} } } }`,
});
