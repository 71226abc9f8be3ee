import SchemaBuilder from '@pothos/core';
import { expect, it } from 'vitest';
import CursorsPlugin, { CHECKED_CURSORS } from './cursors.ts';

/** What the types demand besides is of plugins that are not needed here. */
const OPTIONS = { plugins: [CursorsPlugin] } as unknown as ConstructorParameters<typeof SchemaBuilder>[0];

it('no schema has a list that does not say what its cursors are', () => {
  const schemaWith = (extensions: Record<string, unknown> | undefined) => {
    const builder = new SchemaBuilder(OPTIONS);
    builder.queryType({
      fields: (t) => ({
        list: t.stringList({
          args: { after: t.arg.string(), before: t.arg.string() },
          ...(extensions && { extensions }),
          resolve: () => [],
        }),
      }),
    });
    return builder.toSchema();
  };
  expect(() => schemaWith(undefined)).toThrow('Query.list says not what its cursors are');
  expect(() => schemaWith({ unlogged: true })).toThrow('Query.list says not what its cursors are');
  expect(schemaWith(CHECKED_CURSORS).getQueryType()!.getFields()).toHaveProperty('list');
});
