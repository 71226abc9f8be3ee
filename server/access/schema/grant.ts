import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import * as input from '../../graphql/input.ts';
import { Label, LabelInput } from '../../graphql/label.ts';
import { invalid } from '../../platform/errors.ts';
import { ROLES, type ClusterChoice as ClusterChoiceShape, type Grant as GrantShape } from '../grants.ts';
import { ACTIONS, type Permission as PermissionShape } from '../permission.ts';

export const Role = builder.enumType('Role', {
  description:
    'Each has the rights of those before it. A VIEWER reads, an OPERATOR starts and aborts operations; an ADMINISTRATOR over the whole system manages people, API keys, managers and reads the audit log.',
  values: ROLES,
});

export const ClusterChoice = builder.objectRef<ClusterChoiceShape>('ClusterChoice').implement({
  description: 'The clusters that have one of the names, and those that have all of the labels.',
  authScopes: { public: true },
  fields: (t) => ({
    names: t.exposeStringList('names'),
    labels: t.expose('labels', { type: [Label] }),
  }),
});

export const Grant = builder.objectRef<GrantShape>('Grant').implement({
  description: 'A role, and where it holds.',
  authScopes: { public: true },
  fields: (t) => ({
    role: t.expose('role', { type: Role }),
    clusters: t.expose('clusters', {
      type: ClusterChoice,
      nullable: true,
      description: 'Null: the whole system, with the clusters that are yet to come.',
    }),
  }),
});

export const ClusterChoiceInput = builder.inputType('ClusterChoiceInput', {
  description: 'The clusters that have one of the names, and those that have all of the labels.',
  fields: (t) => ({
    names: t.stringList({ validate: z.array(input.name).max(100, 'must have at most 100 names').nullish() }),
    labels: t.field({ type: [LabelInput], validate: input.labels.nullish() }),
  }),
});

export const GrantInput = builder.inputType('GrantInput', {
  fields: (t) => ({
    role: t.field({ type: Role, required: true }),
    clusters: t.field({ type: ClusterChoiceInput, description: 'Null: the whole system.' }),
  }),
});

export const grantList = z.array(z.unknown()).max(50, 'must have at most 50 grants');

/** @throws AppError INVALID for a choice of clusters that chooses none: nothing never means all. */
export const grantsFrom = (grants: readonly (typeof GrantInput.$inferInput)[]): GrantShape[] =>
  grants.map(({ role, clusters }, index) => ({
    role,
    clusters: choiceFrom(`input.grants.${index}.clusters`, clusters),
  }));

/** Left out it is the whole system. @throws AppError INVALID for one that chooses none. */
export function choiceFrom(
  path: string,
  clusters: typeof ClusterChoiceInput.$inferInput | null | undefined,
): ClusterChoiceShape | null {
  if (!clusters) return null;
  const { names, labels } = { names: clusters.names ?? [], labels: clusters.labels ?? [] };
  if (names.length + labels.length === 0)
    throw invalid(path, 'is empty: name clusters or labels, or leave it out for all');
  return { names, labels };
}

const Action = builder.enumType('Action', { values: ACTIONS });

export const Permission = builder.objectRef<PermissionShape>('Permission').implement({
  description: 'Whether who asks may do something; the same rule is checked when it is done.',
  authScopes: { public: true },
  fields: (t) => ({
    action: t.expose('action', { type: Action }),
    allowed: t.exposeBoolean('allowed'),
    reason: t.exposeString('reason', {
      nullable: true,
      description: 'What is lacking, where it is not allowed.',
    }),
  }),
});
