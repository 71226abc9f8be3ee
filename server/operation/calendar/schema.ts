import { z } from 'zod';
import { ClusterChoice, ClusterChoiceInput, choiceFrom } from '../../access/schema/grant.ts';
import { visibilityOf } from '../../access/visibility.ts';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import type { Context } from '../../graphql/context.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { byText, oldestBy, Keyset } from '../../graphql/keyset.ts';
import { listed } from '../../graphql/listed.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import { contains } from '../../platform/contains.ts';
import type { Prisma } from '../../platform/generated/prisma/client.ts';
import { isOn, openUntil, opensAfter } from './calendar.ts';
import { seenRows } from './choice.ts';
import { createFreeze, removeFreeze } from './freezes.ts';
import { shownChoice } from './shown-choice.ts';
import { createMaintenanceWindow, removeMaintenanceWindow } from './windows.ts';

const DAY = 86_400;

const Freeze = builder.prismaObject('Freeze', {
  description: 'For a time nothing is issued to some clusters. What is under way there goes on.',
  authScopes: { viewer: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    clusters: t.field({
      type: ClusterChoice,
      nullable: true,
      description: 'Null: the whole system.',
      resolve: (row, _args, context) => shownChoice(row, context),
    }),
    reason: t.exposeString('reason'),
    from: t.expose('from', { type: 'DateTime' }),
    until: t.expose('until', { type: 'DateTime' }),
    isOn: t.boolean({
      extensions: UNLOGGED,
      resolve: (freeze, _args, { deps }) => isOn(freeze, deps.clock.now()),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    createdBy: t.exposeString('createdBy'),
  }),
});
const FreezeConnection = connectionOf(Freeze, 'Freeze');

const MaintenanceWindow = builder.prismaObject('MaintenanceWindow', {
  description: 'Clusters that have windows are issued something only while one of them is open.',
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
    reason: t.exposeString('reason'),
    schedule: t.exposeString('schedule', { description: 'When it opens: cron, five fields.' }),
    timeZone: t.exposeString('timeZone', { description: 'IANA.' }),
    durationSeconds: t.exposeInt('durationSeconds'),
    openUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Null: it is not open.',
      extensions: UNLOGGED,
      resolve: (window, _args, { deps }) => openUntil(window, deps.clock.now()),
    }),
    opensAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it opens next; null: never again.',
      extensions: UNLOGGED,
      resolve: (window, _args, { deps }) => opensAfter(window, deps.clock.now()),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    createdBy: t.exposeString('createdBy'),
  }),
});
const MaintenanceWindowConnection = connectionOf(MaintenanceWindow, 'MaintenanceWindow');

const FreezeFilter = builder.inputType('FreezeFilter', {
  description: 'A freeze passes that passes every part that is set.',
  fields: (t) => ({
    clusterId: t.id({ description: 'It holds for this cluster.', validate: input.id.nullish() }),
    after: t.field({ type: 'DateTime', description: 'It ends after that.' }),
    before: t.field({ type: 'DateTime', description: 'It begins before that.' }),
    search: t.string({ description: 'Part of the reason.', validate: input.search.nullish() }),
  }),
});
const MaintenanceWindowFilter = builder.inputType('MaintenanceWindowFilter', {
  description: 'A window passes that passes every part that is set.',
  fields: (t) => ({
    clusterId: t.id({ description: 'It holds for this cluster.', validate: input.id.nullish() }),
    search: t.string({ description: 'Part of the name or of the reason.', validate: input.search.nullish() }),
  }),
});

async function freezesWhere(
  filter: typeof FreezeFilter.$inferInput | null | undefined,
  { deps, principal }: Context,
): Promise<Prisma.FreezeWhereInput> {
  const { clusterId, after, before, search } = filter ?? {};
  return {
    ...(await seenRows(deps.prisma, 'freeze', visibilityOf(principal), clusterId)),
    ...(after && { until: { gt: after } }),
    ...(before && { from: { lt: before } }),
    ...(search && { reason: contains(search) }),
  };
}

async function windowsWhere(
  filter: typeof MaintenanceWindowFilter.$inferInput | null | undefined,
  { deps, principal }: Context,
): Promise<Prisma.MaintenanceWindowWhereInput> {
  const { clusterId, search } = filter ?? {};
  return {
    ...(await seenRows(deps.prisma, 'maintenance_window', visibilityOf(principal), clusterId)),
    ...(search && { OR: [{ name: contains(search) }, { reason: contains(search) }] }),
  };
}

const AS_THEY_BEGIN = new Keyset<Prisma.FreezeWhereInput, Prisma.FreezeOrderByWithRelationInput>(
  oldestBy('from'),
  byText('id'),
);
const BY_NAME = new Keyset<
  Prisma.MaintenanceWindowWhereInput,
  Prisma.MaintenanceWindowOrderByWithRelationInput
>(byText('name'), byText('id'));

builder.queryFields((t) => ({
  freezes: t.connection(
    {
      type: Freeze,
      description: 'In the order in which they begin, with those that have ended.',
      authScopes: { viewer: true },
      args: { filter: t.arg({ type: FreezeFilter }) },
      extensions: CHECKED_CURSORS,
      resolve: async (_parent, { filter, ...args }, context, info) => {
        const passing = await freezesWhere(filter, context);
        return listed(AS_THEY_BEGIN, args, passing, context.deps.prisma.freeze, context, info);
      },
    },
    FreezeConnection,
  ),
  maintenanceWindows: t.connection(
    {
      type: MaintenanceWindow,
      description: 'By name.',
      authScopes: { viewer: true },
      args: { filter: t.arg({ type: MaintenanceWindowFilter }) },
      extensions: CHECKED_CURSORS,
      resolve: async (_parent, { filter, ...args }, context, info) => {
        const passing = await windowsWhere(filter, context);
        return listed(BY_NAME, args, passing, context.deps.prisma.maintenanceWindow, context, info);
      },
    },
    MaintenanceWindowConnection,
  ),
}));

const CreateFreezeInput = builder.inputType('CreateFreezeInput', {
  fields: (t) => ({
    clusters: t.field({ type: ClusterChoiceInput, description: 'Null: the whole system.' }),
    from: t.field({ type: 'DateTime', description: 'Null: from now on.' }),
    until: t.field({ type: 'DateTime', required: true, description: 'At most a year ahead.' }),
    reason: t.string({ required: true, validate: input.reason }),
  }),
});
const CreateMaintenanceWindowInput = builder.inputType('CreateMaintenanceWindowInput', {
  fields: (t) => ({
    name: t.string({ required: true, validate: input.name }),
    clusters: t.field({ type: ClusterChoiceInput, description: 'Null: the whole system.' }),
    schedule: t.string({
      required: true,
      description: 'When it opens: cron, five fields, e.g. `30 2 * * SUN`.',
      validate: input.shortText,
    }),
    timeZone: t.string({
      required: true,
      description: 'By whose clocks: an IANA name, e.g. `Europe/Berlin`.',
      validate: input.shortText,
    }),
    durationSeconds: t.int({
      required: true,
      validate: z
        .int()
        .min(60)
        .max(7 * DAY),
    }),
    reason: t.string({ required: true, validate: input.reason }),
  }),
});
const RemoveInput = builder.inputType('RemoveFromCalendarInput', {
  fields: (t) => ({
    id: t.id({ required: true, validate: input.id }),
    reason: t.string({ validate: input.line.nullish() }),
  }),
});

builder.mutationFields((t) => ({
  createFreeze: t.field({
    type: Freeze,
    description:
      'Has nothing issued to clusters for a time: to those that have the names or the labels then. For who may operate all of them.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: CreateFreezeInput, required: true }) },
    resolve: (_parent, { input: asked }, { deps, ...caller }) =>
      createFreeze(deps, caller, {
        clusters: choiceFrom('input.clusters', asked.clusters),
        from: asked.from ?? null,
        until: asked.until,
        reason: asked.reason.trim(),
      }),
  }),
  removeFreeze: t.field({
    type: Freeze,
    authScopes: { operator: true },
    args: { input: t.arg({ type: RemoveInput, required: true }) },
    resolve: (_parent, { input: { id, reason } }, { deps, ...caller }) =>
      removeFreeze(deps, caller, { id, reason: reason?.trim() || null }),
  }),
  createMaintenanceWindow: t.field({
    type: MaintenanceWindow,
    description:
      'Has clusters issued something only within their windows: those that have the names or the labels then. For who may operate all of them.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: CreateMaintenanceWindowInput, required: true }) },
    resolve: (_parent, { input: asked }, { deps, ...caller }) =>
      createMaintenanceWindow(deps, caller, {
        name: asked.name,
        clusters: choiceFrom('input.clusters', asked.clusters),
        schedule: asked.schedule.trim(),
        timeZone: asked.timeZone,
        durationSeconds: asked.durationSeconds,
        reason: asked.reason.trim(),
      }),
  }),
  removeMaintenanceWindow: t.field({
    type: MaintenanceWindow,
    authScopes: { operator: true },
    args: { input: t.arg({ type: RemoveInput, required: true }) },
    resolve: (_parent, { input: { id, reason } }, { deps, ...caller }) =>
      removeMaintenanceWindow(deps, caller, { id, reason: reason?.trim() || null }),
  }),
}));
