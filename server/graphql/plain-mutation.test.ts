import { buildSchema, execute, parse } from 'graphql';
import { expect, it } from 'vitest';
import { PlainMutations } from './plain-mutation.ts';

const schema = buildSchema(`
  input Part { name: String! size: Int = 1 }
  type Sum { total: Int! names: [String!]! }
  type Query { nothing: Int }
  type Mutation { add(parts: [Part!]!): Sum! refuse(parts: [Part!]!): Sum! small(parts: [Part!]!): Sum! }
`);
const fields = schema.getMutationType()!.getFields();
let executed = 0;
const add = (_root: unknown, { parts }: { parts: { name: string; size: number }[] }) => {
  executed++;
  return Promise.resolve({
    total: () => parts.reduce((sum, { size }) => sum + size, 0),
    names: parts.map(({ name }) => name),
  });
};
const refuse = () => {
  executed++;
  throw new Error('It is refused.');
};
Object.assign(fields['add']!, { resolve: add, extensions: { largeInput: true } });
Object.assign(fields['refuse']!, { resolve: refuse, extensions: { largeInput: true } });
Object.assign(fields['small']!, { resolve: add });

const parts = [{ name: 'a' }, { name: 'b', size: 5 }];
const argsOf = (text: string, variableValues: Record<string, unknown>) => ({
  schema,
  document: parse(text),
  variableValues,
  contextValue: {},
});
const asked = (field: string) => `mutation ($parts: [Part!]!) { ${field}(parts: $parts) { total names } }`;

it.each([
  asked('add'),
  'mutation ($parts: [Part!]!) { sum: add(parts: $parts) { ...S } } fragment S on Sum { total n: names }',
  asked('refuse'),
  'mutation ($parts: [Part!]!) { no: refuse(parts: $parts) { total } }',
])('is executed once, and answered as graphql-js answers it: %s', async (text) => {
  const args = argsOf(text, { parts });
  executed = 0;
  const result = await new PlainMutations().execute(args);
  expect(executed).toBe(1);
  expect(JSON.stringify(result?.data)).toBe(JSON.stringify((await execute(args)).data));
  expect(result?.errors?.map((error) => error.toJSON())).toEqual(
    (await execute(args)).errors?.map((error) => error.toJSON()),
  );
});

it.each([
  ['another field', asked('small'), { parts }],
  [
    'two fields',
    'mutation ($parts: [Part!]!) { a: add(parts: $parts) { total } b: add(parts: $parts) { total } }',
    { parts },
  ],
  ['a query', '{ nothing }', {}],
  ['variables that are wrong', asked('add'), { parts: [{ size: 1 }] }],
  ['variables that are missing', asked('add'), {}],
])('is left to graphql-js, and nothing is done, for %s', (_what, text, variables) => {
  executed = 0;
  expect(new PlainMutations().execute(argsOf(text, variables))).toBeUndefined();
  expect(executed).toBe(0);
});
