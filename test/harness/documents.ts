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

/** What people are refused; managers are asked for it where it is theirs. */
const FOR_MANAGERS = ['Command.allSteps'];

/**
 * The operation that asks for one root field with everything that lies so many levels below it: lists by their first
 * three, and of a type that stands above already the name only.
 * @param without `Type.field`s that are left out
 */
export function documentFor(
  root: (typeof ROOTS)[number],
  field: string,
  { levels = 3, without = FOR_MANAGERS }: { levels?: number; without?: readonly string[] } = {},
): Generated {
  const fields = new Set<string>();
  const definition = rootFields(root).find(({ name }) => name === field);
  if (!definition) throw new Error(`There is no ${root}.${field}.`);
  const variables = definition.args.map(({ name, type }) => `$${name}: ${String(type)}`);
  const args = definition.args.map(({ name }) => `${name}: $${name}`);
  fields.add(`${root}.${field}`);
  const selection = select(getNamedType(definition.type), levels, { above: [], fields, without });
  const list = (parts: string[]) => (parts.length > 0 ? `(${parts.join(', ')})` : '');
  return {
    document: `${root.toLowerCase()} ${list(variables)} { ${field}${list(args)} ${selection} }`,
    fields,
  };
}

/** Types that are no level of their own. */
const isWrapper = (name: string): boolean => /(Connection|Edge)$/.test(name);

interface Place {
  /** The types that stand above. */
  above: readonly string[];
  fields: Set<string>;
  without: readonly string[];
}

function select(type: GraphQL.GraphQLNamedType, levels: number, place: Place): string {
  const { above, fields, without } = place;
  if (isLeafType(type)) return '';
  if (isUnionType(type)) {
    const parts = type.getTypes().map((one) => `... on ${one.name} ${select(one, levels, place)}`);
    return `{ __typename ${parts.join(' ')} }`;
  }
  if (!isObjectType(type) || above.includes(type.name) || levels === 0) return '{ __typename }';
  const below = isWrapper(type.name) ? levels : levels - 1;
  const parts = Object.values(type.getFields()).map((field) => {
    const path = `${type.name}.${field.name}`;
    if (without.includes(path)) return '';
    const needed = field.args.filter(
      ({ type: of, defaultValue }) => isNonNullType(of) && defaultValue === undefined,
    );
    if (needed.length > 0) throw new Error(`${path} needs arguments: give it some here.`);
    fields.add(path);
    const size = field.args.find(({ name }) => name === 'first' || name === 'limit');
    const selected = select(getNamedType(field.type), below, { ...place, above: [...above, type.name] });
    return `${field.name}${size ? `(${size.name}: 3)` : ''} ${selected}`;
  });
  return `{ __typename ${parts.join(' ')} }`;
}
