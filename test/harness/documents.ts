import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as GraphQL from 'graphql';

// One instance of graphql-js for what is built and what is looked at.
const graphql = createRequire(import.meta.url)('graphql') as typeof GraphQL;
const { buildSchema, getNamedType, isObjectType, isUnionType, isLeafType, isNonNullType } = graphql;

/** The API as it is published. */
export const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

export const ROOTS = ['Query', 'Mutation', 'Subscription'] as const;

/** Each field of the API as `Type.field`, without those of GraphQL itself. */
export const allFields = (): string[] =>
  Object.values(schema.getTypeMap())
    .filter((type): type is GraphQL.GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));

export const rootFields = (root: (typeof ROOTS)[number]): GraphQL.GraphQLField<unknown, unknown>[] =>
  Object.values((schema.getType(root) as GraphQL.GraphQLObjectType).getFields());

export interface Generated {
  document: string;
  /** What it selects, as `Type.field`. */
  fields: Set<string>;
}

/**
 * The operation that asks for one root field with everything that lies so many levels below it: lists by their first
 * three, and of a type that stands above already the name only.
 */
export function documentFor(root: (typeof ROOTS)[number], field: string, levels = 3): Generated {
  const fields = new Set<string>();
  const definition = rootFields(root).find(({ name }) => name === field);
  if (!definition) throw new Error(`There is no ${root}.${field}.`);
  const variables = definition.args.map(({ name, type }) => `$${name}: ${String(type)}`);
  const args = definition.args.map(({ name }) => `${name}: $${name}`);
  fields.add(`${root}.${field}`);
  const selection = select(getNamedType(definition.type), levels, [], fields);
  const list = (parts: string[]) => (parts.length > 0 ? `(${parts.join(', ')})` : '');
  return {
    document: `${root.toLowerCase()} ${list(variables)} { ${field}${list(args)} ${selection} }`,
    fields,
  };
}

/** Types that are no level of their own. */
const isWrapper = (name: string): boolean => /(Connection|Edge)$/.test(name);

function select(
  type: GraphQL.GraphQLNamedType,
  levels: number,
  above: string[],
  fields: Set<string>,
): string {
  if (isLeafType(type)) return '';
  if (isUnionType(type)) {
    const parts = type.getTypes().map((one) => `... on ${one.name} ${select(one, levels, above, fields)}`);
    return `{ __typename ${parts.join(' ')} }`;
  }
  if (!isObjectType(type) || above.includes(type.name) || levels === 0) return '{ __typename }';
  const below = isWrapper(type.name) ? levels : levels - 1;
  const parts = Object.values(type.getFields()).map((field) => {
    const needed = field.args.filter(
      ({ type: of, defaultValue }) => isNonNullType(of) && defaultValue === undefined,
    );
    if (needed.length > 0) throw new Error(`${type.name}.${field.name} needs arguments: give it some here.`);
    fields.add(`${type.name}.${field.name}`);
    const first = field.args.some(({ name }) => name === 'first') ? '(first: 3)' : '';
    return `${field.name}${first} ${select(getNamedType(field.type), below, [...above, type.name], fields)}`;
  });
  return `{ ${parts.join(' ')} }`;
}
