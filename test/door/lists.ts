import { createRequire } from 'node:module';
import type * as GraphQL from 'graphql';
import { schema } from '../harness/documents.ts';

const { getNamedType, isEnumType, isObjectType } = createRequire(import.meta.url)(
  'graphql',
) as typeof GraphQL;

/** What has the lists that are no root fields, by id. */
export interface Owner {
  cluster: string;
  node: string;
  operation: string;
  command: string;
  /** What a dry run is of, as GraphQL writes it. */
  targets: string;
}

interface Way {
  /** The field of `Query` by which one gets there. */
  root: string;
  selection(of: Owner, list: string): string;
}
const plan = ({ targets }: Owner, list: string) =>
  `planOperation(input: {
    kind: ROLLING_RESTART, targets: ${targets}
    rolling: { batchSize: { count: 3 }, maxUnavailable: { count: 9 } }
  }) { ${list} }`;
const first = (field: string, list: string) => `${field}(first: 1) { edges { node { ${list} } } }`;
const byId = (root: keyof Owner): Way => ({
  root,
  selection: (of, list) => `${root}(id: "${of[root]}") { ${list} }`,
});

/** By type: the way to a list of it. Who adds a list to another type says here how to get there. */
const WAYS: Record<string, Way> = {
  System: { root: 'system', selection: (_of, list) => `system { ${list} }` },
  Cluster: byId('cluster'),
  Node: byId('node'),
  Operation: byId('operation'),
  Command: byId('command'),
  AuditEntry: {
    root: 'auditLog',
    selection: (_of, list) =>
      `auditLog(first: 1, filter: { action: ["startOperation"] }) { edges { node { ${list} } } }`,
  },
  OperationPlan: { root: 'planOperation', selection: plan },
  ClusterPlan: { root: 'planOperation', selection: (of, list) => plan(of, first('clusters', list)) },
  PlannedBatch: {
    root: 'planOperation',
    selection: (of, list) => plan(of, first('clusters', first('batches', list))),
  },
};

export interface List extends Way {
  /** `Type.field`, and its order where it has several. */
  name: string;
  /** The document that asks for a page of it, under the name `list`. */
  page(of: Owner, args: string): string;
}

const PAGE = '{ totalCount edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }';

/** Every list of the API that has cursors, in each of its orders. */
export const LISTS: readonly List[] = Object.values(schema.getTypeMap())
  .filter(isObjectType)
  .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type: type.name, field })))
  .filter(({ field: { args } }) => args.some(({ name }) => name === 'after'))
  .flatMap(({ type, field: { name, args } }) => {
    const order = args.find((arg) => arg.name === 'orderBy');
    const values = order && getNamedType(order.type);
    const orders = isEnumType(values) ? values.getValues().map((value) => `orderBy: ${value.name}`) : [''];
    return orders.map((chosen) => listOf(type, name, chosen));
  });

function listOf(type: string, field: string, order: string): List {
  const way = type === 'Query' ? { root: field, selection: (_of: Owner, list: string) => list } : WAYS[type];
  if (!way) throw new Error(`There is no way to a list of ${type}: say one.`);
  return {
    ...way,
    name: `${type}.${field} ${order}`.trim(),
    page: (of, args) => `{ ${way.selection(of, `list: ${field}(${order} ${args}) ${PAGE}`)} }`,
  };
}
