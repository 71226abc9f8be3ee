import { buildSchema, graphql, type GraphQLResolveInfo } from 'graphql';
import { expect, it } from 'vitest';
import { selectedFields } from './selection.ts';

const schema = buildSchema('type Item { a: Int b: Int inner: Item } type Query { item: Item }');

async function infoOf(source: string): Promise<GraphQLResolveInfo> {
  const infos: GraphQLResolveInfo[] = [];
  Object.assign(schema.getQueryType()!.getFields()['item']!, {
    resolve: (_root: unknown, _args: unknown, _context: unknown, info: GraphQLResolveInfo) =>
      void infos.push(info),
  });
  const { errors } = await graphql({ schema, source });
  expect(errors).toBeUndefined();
  return infos[0]!;
}

it('tells the fields at a path, of all places that lead there, by their names and not their aliases', async () => {
  const info = await infoOf(`
    { item { x: a ...F } item { inner { b } } }
    fragment F on Item { inner { a ... on Item { inner { a } } } other: inner { __typename } }`);
  expect([...selectedFields(info)]).toEqual(['a', 'inner']);
  expect([...selectedFields(info, 'inner')].sort()).toEqual(['__typename', 'a', 'b', 'inner']);
  expect([...selectedFields(info, 'inner', 'inner')]).toEqual(['a']);
  expect([...selectedFields(info, 'a')]).toEqual([]);
});
