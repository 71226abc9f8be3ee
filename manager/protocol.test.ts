import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildSchema,
  coerceInputValue,
  getNamedType,
  isNonNullType,
  isObjectType,
  type GraphQLField,
  type GraphQLOutputType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { packageRoot } from './package-root.ts';

const schema = buildSchema(readFileSync(join(packageRoot, 'schema.graphql'), 'utf8'));
const page = readFileSync(join(packageRoot, 'PROTOCOL.md'), 'utf8');
const fields: Record<string, GraphQLField<unknown, unknown>> = {
  ...schema.getMutationType()!.getFields(),
  commandIssued: schema.getSubscriptionType()!.getFields()['commandIssued']!,
};
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    name: section.slice(0, section.indexOf('\n')),
    examples: [...section.matchAll(/```json\n(.*?)```/gs)].map(
      ([, json]) => JSON.parse(json!) as Record<string, unknown>,
    ),
  }))
  .filter(({ name }) => fields[name]);

/** The places of the answer that are not in the schema. */
function strangers(value: unknown, type: GraphQLOutputType, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => strangers(item, type, `${path}.${index}`));
  const named = getNamedType(type);
  if (value === null) return isNonNullType(type) ? [path] : [];
  if (!isObjectType(named)) return [];
  return Object.entries(value as object).flatMap(([key, part]) => {
    if (key === '…') return [];
    const field = named.getFields()[key];
    return field ? strangers(part, field.type, `${path}.${key}`) : [`${path}.${key}`];
  });
}

describe('PROTOCOL.md', () => {
  it('tells of every message', () => {
    expect(sections.map(({ name }) => name).sort()).toEqual(
      [
        'commandIssued',
        'leave',
        'registerManager',
        'renewCredential',
        'renewLease',
        'reportCommand',
        'reportMembership',
        'reportMetrics',
      ].sort(),
    );
  });

  it.each(sections)('has examples of $name that fit the schema', ({ name, examples }) => {
    const field = fields[name]!;
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      if ('input' in example) {
        const problems: string[] = [];
        coerceInputValue(example['input'], field.args[0]!.type, (path, _, { message }) =>
          problems.push(`${path.join('.')}: ${message}`),
        );
        expect(problems).toEqual([]);
      } else expect(strangers(example[name], field.type, name)).toEqual([]);
    }
  });
});
