import { ClusterChoice, ClusterChoiceInput, choiceFrom } from '../../access/schema/grant.ts';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { byText, Keyset } from '../../graphql/keyset.ts';
import { listed } from '../../graphql/listed.ts';
import { contains } from '../../platform/contains.ts';
import type { Prisma } from '../../platform/generated/prisma/client.ts';
import { shownChoice } from '../calendar/shown-choice.ts';
import {
  RollingInput,
  RollingStrategy,
  RolloutInput,
  RolloutStrategy,
  rollingFrom,
  rolloutFrom,
} from '../schema/strategy.ts';
import type { RollingStrategy as RollingShape, RolloutStrategy as RolloutShape } from '../strategy.ts';
import { createSavedSelection, deleteSavedSelection, updateSavedSelection } from './selections.ts';
import { createSavedStrategy, deleteSavedStrategy, updateSavedStrategy } from './strategies.ts';

const SavedStrategy = builder.prismaObject('SavedStrategy', {
  description: 'A strategy under a name. An operation that is planned with it keeps what it said then.',
  authScopes: { viewer: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    rollout: t.field({
      type: RolloutStrategy,
      resolve: ({ rollout }) => rollout as unknown as RolloutShape,
    }),
    rolling: t.field({
      type: RollingStrategy,
      nullable: true,
      description: 'For rolling restarts. Null: node by node.',
      resolve: ({ rolling }) => rolling as RollingShape | null,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    createdBy: t.exposeString('createdBy'),
  }),
});
const SavedStrategyConnection = connectionOf(SavedStrategy, 'SavedStrategy');

const SavedSelection = builder.prismaObject('SavedSelection', {
  description: 'Targets under a name: what has the names or the labels when an operation is planned.',
  authScopes: { viewer: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    clusters: t.field({
      type: ClusterChoice,
      nullable: true,
      description: 'Null: the whole system.',
      resolve: (row, _args, context) => shownChoice(row, context),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    createdBy: t.exposeString('createdBy'),
  }),
});
const SavedSelectionConnection = connectionOf(SavedSelection, 'SavedSelection');

const nameHas = (search: string | null | undefined) => (search ? { name: contains(search) } : {});
/** A name is one strategy’s alone, and one selection’s. */
const STRATEGIES = new Keyset<Prisma.SavedStrategyWhereInput, Prisma.SavedStrategyOrderByWithRelationInput>(
  byText('name'),
);
const SELECTIONS = new Keyset<Prisma.SavedSelectionWhereInput, Prisma.SavedSelectionOrderByWithRelationInput>(
  byText('name'),
);

builder.queryFields((t) => ({
  savedStrategies: t.connection(
    {
      type: SavedStrategy,
      description: 'By name.',
      authScopes: { viewer: true },
      args: { search: t.arg.string({ description: 'Part of the name.', validate: input.search.nullish() }) },
      extensions: CHECKED_CURSORS,
      resolve: (_parent, { search, ...args }, context, info) =>
        listed(STRATEGIES, args, nameHas(search), context.deps.prisma.savedStrategy, context, info),
    },
    SavedStrategyConnection,
  ),
  savedSelections: t.connection(
    {
      type: SavedSelection,
      description: 'By name.',
      authScopes: { viewer: true },
      args: { search: t.arg.string({ description: 'Part of the name.', validate: input.search.nullish() }) },
      extensions: CHECKED_CURSORS,
      resolve: (_parent, { search, ...args }, context, info) =>
        listed(SELECTIONS, args, nameHas(search), context.deps.prisma.savedSelection, context, info),
    },
    SavedSelectionConnection,
  ),
}));

const SavedStrategyInput = builder.inputType('SavedStrategyInput', {
  fields: (t) => ({
    name: t.string({ required: true, validate: input.name }),
    rollout: t.field({ type: RolloutInput }),
    rolling: t.field({ type: RollingInput }),
    reason: t.string({ validate: input.line.nullish() }),
  }),
});
const SavedSelectionInput = builder.inputType('SavedSelectionInput', {
  fields: (t) => ({
    name: t.string({ required: true, validate: input.name }),
    clusters: t.field({ type: ClusterChoiceInput, description: 'Null: the whole system.' }),
    reason: t.string({ validate: input.line.nullish() }),
  }),
});
const DeleteSavedInput = builder.inputType('DeleteSavedInput', {
  fields: (t) => ({
    id: t.id({ required: true, validate: input.id }),
    reason: t.string({ validate: input.line.nullish() }),
  }),
});

const strategyFrom = ({ name, rollout, rolling }: typeof SavedStrategyInput.$inferInput) => ({
  name,
  rollout: rolloutFrom('input.rollout', rollout),
  rolling: rolling ? rollingFrom('input.rolling', rolling) : null,
});
const selectionFrom = ({ name, clusters }: typeof SavedSelectionInput.$inferInput) => ({
  name,
  clusters: choiceFrom('input.clusters', clusters),
});
const why = (reason: string | null | undefined): string | null => reason?.trim() || null;

builder.mutationFields((t) => ({
  createSavedStrategy: t.field({
    type: SavedStrategy,
    description: 'For who may operate the whole system.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: SavedStrategyInput, required: true }) },
    resolve: (_parent, { input: asked }, { deps, ...caller }) =>
      createSavedStrategy(deps, caller, strategyFrom(asked), why(asked.reason)),
  }),
  updateSavedStrategy: t.field({
    type: SavedStrategy,
    description: 'For operations that are planned from now on.',
    authScopes: { operator: true },
    args: {
      id: t.arg.id({ required: true, validate: input.id }),
      input: t.arg({ type: SavedStrategyInput, required: true }),
    },
    resolve: (_parent, { id, input: asked }, { deps, ...caller }) =>
      updateSavedStrategy(deps, caller, id, strategyFrom(asked), why(asked.reason)),
  }),
  deleteSavedStrategy: t.field({
    type: SavedStrategy,
    description: 'Operations that were planned with it stay as they are.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: DeleteSavedInput, required: true }) },
    resolve: (_parent, { input: { id, reason } }, { deps, ...caller }) =>
      deleteSavedStrategy(deps, caller, id, why(reason)),
  }),
  createSavedSelection: t.field({
    type: SavedSelection,
    description: 'For who may operate the whole system.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: SavedSelectionInput, required: true }) },
    resolve: (_parent, { input: asked }, { deps, ...caller }) =>
      createSavedSelection(deps, caller, selectionFrom(asked), why(asked.reason)),
  }),
  updateSavedSelection: t.field({
    type: SavedSelection,
    description: 'For operations that are planned from now on.',
    authScopes: { operator: true },
    args: {
      id: t.arg.id({ required: true, validate: input.id }),
      input: t.arg({ type: SavedSelectionInput, required: true }),
    },
    resolve: (_parent, { id, input: asked }, { deps, ...caller }) =>
      updateSavedSelection(deps, caller, id, selectionFrom(asked), why(asked.reason)),
  }),
  deleteSavedSelection: t.field({
    type: SavedSelection,
    authScopes: { operator: true },
    args: { input: t.arg({ type: DeleteSavedInput, required: true }) },
    resolve: (_parent, { input: { id, reason } }, { deps, ...caller }) =>
      deleteSavedSelection(deps, caller, id, why(reason)),
  }),
}));
