import { createRequire } from 'node:module';
import type * as GraphQL from 'graphql';
import { describe, expect, it } from 'vitest';
import { examples } from './examples.ts';
import { schema } from './schema.ts';

// The schema's own instance of graphql-js: another one would not recognise its types.
const { isObjectType, parse, validate } = createRequire(import.meta.url)('graphql') as typeof GraphQL;

interface Options {
  authScopes?: unknown;
}
const rule = (thing: { extensions: Readonly<Record<string, unknown>> }): unknown =>
  (thing.extensions['pothosOptions'] as Options | undefined)?.authScopes;

describe('the schema', () => {
  const types = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQL.GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'),
  );
  const roots = ['Query', 'Mutation', 'Subscription'];

  it('has a rule on every root field', () => {
    const without = types
      .filter(({ name }) => roots.includes(name))
      .flatMap((type) => Object.values(type.getFields()))
      .filter((field) => rule(field) === undefined);
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  it('has a rule on every other type, or on each of its fields', () => {
    const without = types
      .filter((type) => !roots.includes(type.name) && rule(type) === undefined)
      .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type, field })))
      .filter(({ field }) => rule(field) === undefined)
      .map(({ type, field }) => `${type.name}.${field.name}`);
    // Relay's own type: cursors and two booleans of a page that was allowed.
    expect(without.filter((field) => !field.startsWith('PageInfo.'))).toEqual([]);
  });

  it('accepts the examples of GraphiQL', () => {
    expect(validate(schema, parse(examples)).map(({ message }) => message)).toEqual([]);
  });
});
