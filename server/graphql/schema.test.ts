import { createRequire } from 'node:module';
import type * as GraphQL from 'graphql';
import { describe, expect, it } from 'vitest';
import { examples } from './examples.ts';
import { schema } from './schema.ts';
import { isUnlogged } from './unlogged.ts';

// The schema's own instance of graphql-js: another one would not recognise its types.
const { getNamedType, isObjectType, parse, validate } = createRequire(import.meta.url)(
  'graphql',
) as typeof GraphQL;

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

  it('marks what changes without an event', () => {
    // Columns that are written outside of `change()`, or inside of it without an event of their own.
    const columns = new Set([
      'Cluster.lastHeardAt',
      'Cluster.leaseExpiresAt',
      'Manager.lastSeenAt',
      'Command.reportSequence',
    ]);
    // Times whose every change is an event: whoever adds one decides here whether that holds for it.
    const logged = new Set([
      ...['Cluster.createdAt', 'Cluster.statusSince', 'Event.at'],
      ...['Node.joinedAt', 'Node.leftAt', 'Node.reportedAt', 'Node.startedAt', 'Node.statusSince'],
      ...['Operation.abortRequestedAt', 'Operation.createdAt', 'Operation.finishedAt', 'Operation.startedAt'],
      ...['Operation.pausedAt', 'Operation.startsAt', 'Hold.since', 'Command.notBefore', 'Approval.at'],
      ...['ApprovalRule.createdAt', 'Freeze.createdAt', 'Freeze.from', 'Freeze.until'],
      ...['MaintenanceWindow.createdAt', 'PlannedOffline.createdAt', 'PlannedOffline.returnsAt'],
      ...['finishedAt', 'pausedAt', 'promotedAt', 'soakUntil', 'startedAt'].map((name) => `Wave.${name}`),
      ...[
        'Command.deliveredAt',
        'Command.expiresAt',
        'Command.finishedAt',
        'Command.issuedAt',
        'Command.startedAt',
      ],
      ...['Operation.startsAt', 'Approval.at', 'Freeze.from', 'Freeze.until', 'PlannedOffline.returnsAt'],
      ...[
        'Freeze',
        'MaintenanceWindow',
        'ApprovalRule',
        'PlannedOffline',
        'SavedStrategy',
        'SavedSelection',
      ].map((type) => `${type}.createdAt`),
      ...['Manager.registeredAt', 'Manager.revokedAt'],
      ...['Step.finishedAt', 'Step.startedAt', 'CreateEnrolmentTokenPayload.expiresAt'],
    ]);
    const fields = types.flatMap((type) =>
      Object.values(type.getFields()).map((field) => ({ path: `${type.name}.${field.name}`, type, field })),
    );
    const unmarked = fields
      .filter(({ field, path, type }) => {
        const column = `${type.name}.${String(field.extensions['pothosExposedField'])}`;
        const time = getNamedType(field.type).name === 'DateTime' && !logged.has(path);
        return (columns.has(column) || time) && !isUnlogged(field);
      })
      .map(({ path }) => path);
    expect(unmarked).toEqual([]);
    const paths = new Set(fields.map(({ path }) => path));
    expect([...columns, ...logged].filter((path) => !paths.has(path))).toEqual([]);
    expect(fields.filter(({ field }) => isUnlogged(field)).map(({ path }) => path)).toEqual(
      expect.arrayContaining(['Command.hold', 'Manager.leaseExpiresAt', 'System.serverTime']),
    );
  });

  it('accepts the examples of GraphiQL', () => {
    expect(validate(schema, parse(examples)).map(({ message }) => message)).toEqual([]);
  });
});
