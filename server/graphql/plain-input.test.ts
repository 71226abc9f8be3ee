import fc from 'fast-check';
import { buildSchema, getVariableValues, Kind, parse, type OperationDefinitionNode } from 'graphql';
import { expect, it } from 'vitest';
import { compileVariables, NotPlainInput } from './plain-input.ts';

const schema = buildSchema(`
  enum Colour { RED GREEN }
  input Leaf { text: String! number: Int = 7 colour: Colour flag: Boolean list: [[Float!]] inner: Leaf }
  input OneOf @oneOf { a: Int b: Int }
  type Query { ask(leaf: Leaf, leaves: [Leaf!], one: OneOf): Int }
`);
const operation = (text: string) => {
  const [first] = parse(text).definitions;
  if (first?.kind !== Kind.OPERATION_DEFINITION) throw new Error('This is no operation.');
  return first satisfies OperationDefinitionNode;
};
const leaves = operation('query ($leaf: Leaf, $leaves: [Leaf!]!) { ask(leaf: $leaf, leaves: $leaves) }');

/** Mostly what belongs there, and now and then anything. */
const mostly = (right: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 30, arbitrary: right }, { weight: 1, arbitrary: fc.jsonValue() });
const { leaf } = fc.letrec((tie) => ({
  leaf: mostly(
    fc
      .record(
        {
          text: mostly(fc.string()),
          number: mostly(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
          colour: mostly(fc.constantFrom('RED', 'GREEN', null)),
          flag: mostly(fc.boolean()),
          list: mostly(fc.array(fc.option(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }))))),
          inner: fc.option(tie('leaf'), { maxDepth: 2 }),
          more: fc.constant(1),
        },
        { requiredKeys: ['text', 'number'] },
      )
      .map(({ more, ...rest }) => (more && rest.number === 3 ? { ...rest, more } : rest)),
  ),
}));

it('makes of variables what graphql-js makes of them, or leaves them to it', () => {
  const coerce = compileVariables(schema, leaves);
  let made = 0;
  fc.assert(
    fc.property(fc.record({ leaf, leaves: mostly(fc.array(leaf)) }, { requiredKeys: [] }), (inputs) => {
      const { coerced, errors } = getVariableValues(schema, leaves.variableDefinitions!, inputs);
      let own;
      try {
        own = coerce(inputs);
      } catch {
        return;
      }
      made++;
      expect(errors).toBeUndefined();
      expect(own).toEqual(coerced);
    }),
    { numRuns: 500 },
  );
  expect(made).toBeGreaterThan(50);
});

it.each([
  ['a field that there is not', { leaves: [{ text: 'a', nothing: 1 }] }],
  ['a field that is missing', { leaves: [{}] }],
  ['null where it cannot be', { leaves: [null] }],
  ['a text as a number', { leaves: [{ text: 'a', number: '1' }] }],
  ['an item for a list of it', { leaves: { text: 'a' } }],
  ['a variable that is missing', {}],
])('leaves to graphql-js %s', (_what, inputs) => {
  expect(() => compileVariables(schema, leaves)(inputs)).toThrow();
});

it('leaves to graphql-js defaults of variables and inputs of which one is chosen', () => {
  const withDefault = compileVariables(
    schema,
    operation('query ($leaf: Leaf = { text: "a" }) { ask(leaf: $leaf) }'),
  );
  expect(() => withDefault({ leaf: { text: 'b' } })).toThrow(NotPlainInput);
  const oneOf = compileVariables(schema, operation('query ($one: OneOf) { ask(one: $one) }'));
  expect(() => oneOf({ one: { a: 1 } })).toThrow(NotPlainInput);
});
