import { buildSchema, execute, parse, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Context } from './context.ts';
import { compileQuery } from './plain-query.ts';

const schema: GraphQLSchema = buildSchema(`
  enum Colour { RED GREEN }
  type Leaf { text: String! number(plus: Int = 1): Int! colour: Colour list: [[Int!]] nothing: String wrong: String! }
  type Tree { name: String! leaf: Leaf! leaves(first: Int!): [Leaf!]! maybe: Tree }
  interface Named { name: String! }
  type Query { tree(name: String!): Tree! late: Tree fails: String refuses: Leaf named: Named }
`);

const leaf = (index: number) => ({
  text: `leaf ${index}`,
  number: ({ plus }: { plus: number }) => (index % 2 ? index + plus : Promise.resolve(index + plus)),
  colour: index % 2 ? 'RED' : null,
  list: [[index, index + 1], null],
  wrong: null,
});
const tree = (name: string): object => ({
  name,
  leaf: () => leaf(7),
  leaves: ({ first }: { first: number }) => Promise.resolve(Array.from({ length: first }, (_, n) => leaf(n))),
  maybe: () => (name === 'outer' ? tree('inner') : null),
});
Object.assign(schema.getQueryType()!.getFields()['tree']!, {
  resolve: (_root: unknown, { name }: { name: string }) => tree(name),
});
Object.assign(schema.getQueryType()!.getFields()['late']!, { resolve: async () => tree('late') });
Object.assign(schema.getQueryType()!.getFields()['fails']!, {
  resolve: () => Promise.reject(new Error('It fails.')),
});
Object.assign(schema.getQueryType()!.getFields()['refuses']!, {
  resolve: () => {
    throw new Error('It refuses.');
  },
});

/** Each fragment spreads the next one twice. */
const doubling = (n: number) =>
  `{ late { ...F0 } } ${Array.from({ length: n }, (_, at) => `fragment F${at} on Tree { a: maybe { ...F${at + 1} } b: maybe { ...F${at + 1} } }`).join(' ')} fragment F${n} on Tree { name }`;

const context = {} as Context;
const compiled = (text: string, name?: string) => compileQuery(schema, parse(text), name);

describe('a compiled query', () => {
  it.each([
    '{ tree(name: "outer") { name leaf { text number colour list nothing } } }',
    '{ late { name maybe { name } } }',
    '{ a: tree(name: "a") { n: name __typename } b: tree(name: "b") { leaves(first: 3) { number(plus: 5) text } } }',
    'query Q($name: String = "given", $first: Int!) { tree(name: $name) { leaves(first: $first) { text number } } }',
    '{ tree(name: "outer") { ...T maybe { ...T } } } fragment T on Tree { leaf { number } leaf { text } ... on Tree { name } ... { name } }',
    '{ tree(name: "outer") { maybe { maybe { name } } leaves(first: 0) { text } } }',
  ])('answers what graphql-js answers: %s', async (text) => {
    const variables = { first: 2 };
    const expected = await execute({ schema, document: parse(text), variableValues: variables });
    expect(expected.errors).toBeUndefined();
    const data = await compiled(text)!(context, variables);
    // As text: the order of the fields is that of the document.
    expect(JSON.stringify(data)).toBe(JSON.stringify(expected.data));
  });

  it('is that of the document which is named', async () => {
    const text = 'query A { late { name } } query B { tree(name: "b") { name } }';
    expect(await compiled(text, 'B')!(context, {})).toEqual({ tree: { name: 'b' } });
    expect(compiled(text)).toBeUndefined();
  });

  it.each([
    ['a resolver that rejects', '{ late { name } fails }', 'It fails.'],
    ['one that throws while others are under way', '{ late { name } fails refuses { text } }', 'It refuses.'],
    ['null where it cannot be', '{ tree(name: "a") { leaf { wrong } } }', 'null'],
    ['a variable that is missing', 'query ($n: String!) { tree(name: $n) { name } }', '$n'],
  ])('fails with %s', async (_what, text, message) => {
    const lost: unknown[] = [];
    const note = (reason: unknown) => lost.push(reason);
    process.on('unhandledRejection', note);
    await expect(compiled(text)!(context, {})).rejects.toThrow(message);
    // Node tells of them after the microtasks of a turn.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(lost).toEqual([]);
  });

  it.each([
    ['directives', '{ late { name @skip(if: false) } }'],
    ['abstract types', '{ named { name } }'],
    ['introspection', '{ __schema { queryType { name } } }'],
    ['a name that objects have', '{ late { __proto__: name } }'],
    ['fragments that double', doubling(30)],
  ])('is not made of a document with %s', (_what, text) => {
    expect(compiled(text)).toBeUndefined();
  });
});
