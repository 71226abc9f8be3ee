import { visibilityOf, type Visibility } from '../../access/visibility.ts';
import { permission } from '../../access/permission.ts';
import { Permission } from '../../access/schema/grant.ts';
import { Prisma } from '../../platform/generated/prisma/client.ts';
import {
  CommandStatus as CommandStatusEnum,
  OperationKind as OperationKindEnum,
  OperationMode as OperationModeEnum,
  OperationStatus as OperationStatusEnum,
  StepStatus as StepStatusEnum,
} from '../../platform/generated/prisma/enums.ts';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import type { Context } from '../../graphql/context.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import { byText, Keyset, newestBy } from '../../graphql/keyset.ts';
import { listed } from '../../graphql/listed.ts';
import { batched } from '../../graphql/loader.ts';
import type { OperationModel } from '../../platform/generated/prisma/models.ts';
import * as input from '../../graphql/input.ts';
import { contains } from '../../platform/contains.ts';
import { sumCounts, countsOf } from '../progress.ts';
import { countsFrom, operationEnded, operationStatus, type CommandCounts } from '../state.ts';
import type { RollingStrategy as RollingShape, RolloutStrategy as RolloutShape } from '../strategy.ts';
import type { Estimate } from '../estimate.ts';
import { notRevertible } from '../inverse.ts';
import { operableAmong, visibleParts, withStatus, type VisiblePart } from '../visible.ts';
import type { WaveHold } from '../hold.ts';
import { OperationEstimate } from './estimate.ts';
import { Hold } from './hold.ts';
import { RollingStrategy, RolloutStrategy } from './strategy.ts';

export const OperationKind = builder.enumType(OperationKindEnum, { name: 'OperationKind' });
export const OperationMode = builder.enumType(OperationModeEnum, {
  name: 'OperationMode',
  description: 'GRACEFUL lets a node finish its work first, FORCED does not.',
});
export const Lateness = builder.enumType('Lateness', {
  description: 'What becomes of a command that nobody has begun for long.',
  values: {
    EXPIRE: { description: 'It expires after `expiresInSeconds`.' },
    RUN_LATE: { description: 'It runs, however late its manager returns.' },
    WINDOW: {
      description:
        'It begins within the maintenance window only: when that closes before, it is taken back and waits for the next one. In clusters without windows, and with an override, as RUN_LATE.',
    },
  } as const,
});
export const OperationStatus = builder.enumType(OperationStatusEnum, { name: 'OperationStatus' });
export const CommandStatus = builder.enumType(CommandStatusEnum, { name: 'CommandStatus' });
export const StepStatus = builder.enumType(StepStatusEnum, {
  name: 'StepStatus',
  description:
    'PENDING: its batch has not begun. WAITING: held by a rule. CHECKING: until it is healthy. UNKNOWN: its command was given up, and what its manager did of it was not heard.',
});

type Count<S extends string> = { status: S; count: number };
export const StepStatusCount = builder.objectRef<Count<StepStatusEnum>>('StepStatusCount').implement({
  authScopes: { public: true },
  fields: (t) => ({ status: t.expose('status', { type: StepStatus }), count: t.exposeInt('count') }),
});
export const CommandStatusCount = builder
  .objectRef<Count<CommandStatusEnum>>('CommandStatusCount')
  .implement({
    authScopes: { public: true },
    fields: (t) => ({ status: t.expose('status', { type: CommandStatus }), count: t.exposeInt('count') }),
  });

/** Rows of (key, status, count) as lists by key. */
export function byKey<S extends string>(rows: readonly { key: string; status: S; count: number }[]) {
  const map = new Map<string, Count<S>[]>();
  for (const { key, status, count } of rows) map.set(key, [...(map.get(key) ?? []), { status, count }]);
  return map;
}

const stepCounts = batched<Count<StepStatusEnum>[]>(async (ids, { prisma }, _args, { principal }) => {
  const { sql } = visibilityOf(principal);
  const seen = sql.map(
    (condition) =>
      Prisma.sql`AND EXISTS (SELECT 1 FROM cluster AS c WHERE c.id = m.cluster_id AND ${condition})`,
  );
  const rows = await prisma.$queryRaw<{ key: string; status: StepStatusEnum; count: number }[]>`
    SELECT m.operation_id AS key, s.status, count(*)::int AS count FROM step s JOIN command m ON m.id = s.command_id
    WHERE m.operation_id = ANY(${[...ids]}) AND m.current ${Prisma.join([Prisma.empty, ...seen], ' ')} GROUP BY 1, 2 ORDER BY 1, 2`;
  return byKey(rows);
}, []);

const commandCounts = batched<Count<CommandStatusEnum>[]>(async (ids, { prisma }, _args, { principal }) => {
  const rows = await prisma.command.groupBy({
    by: ['operationId', 'status'],
    where: { operationId: { in: [...ids] }, current: true, ...visibilityOf(principal).ofCluster },
    _count: true,
    orderBy: [{ operationId: 'asc' }, { status: 'asc' }],
  });
  return byKey(rows.map(({ operationId, status, _count }) => ({ key: operationId, status, count: _count })));
}, []);

const visiblePart = batched<VisiblePart | undefined>(
  (ids, { prisma }, _args, { principal }) => visibleParts(prisma, visibilityOf(principal), ids),
  undefined,
);

/** How far all of an operation is, from the counters of its waves. */
const counts = batched<CommandCounts>(async (ids, { prisma }) => {
  const waves = await prisma.wave.findMany({ where: { operationId: { in: [...ids] } } });
  return new Map(
    ids.map((id) => [id, sumCounts(waves.filter(({ operationId }) => operationId === id).map(countsOf))]),
  );
}, countsFrom({}));

/** The operation as its viewer sees it: see visible.ts. */
async function shown(operation: OperationModel, context: Context): Promise<VisiblePart> {
  const part = visibilityOf(context.principal).all ? undefined : await visiblePart(context, operation.id);
  return part ?? { ...operation, statusReason: null };
}

async function reasonOf(operation: OperationModel, context: Context): Promise<string | null> {
  if (!visibilityOf(context.principal).all) return (await shown(operation, context)).statusReason;
  return operationStatus({
    counts: await counts(context, operation.id),
    wavesOpen: !operationEnded(operation.status),
    paused: false,
    abortRequested: false,
  }).reason;
}

const mayAbort = batched<boolean>(async (ids, { prisma }, _args, { principal }) => {
  const operable = await operableAmong(prisma, principal, ids);
  return new Map([...operable].map((id) => [id, true]));
}, false);

export const Operation = builder.prismaObject('Operation', {
  description:
    'Something that operators had done to clusters or nodes. Who sees only some of its clusters sees it as if it were for those alone.',
  authScopes: { viewer: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    kind: t.expose('kind', { type: OperationKind }),
    mode: t.expose('mode', { type: OperationMode }),
    status: t.field({
      type: OperationStatus,
      resolve: async (operation, _args, context) => (await shown(operation, context)).status,
    }),
    statusReason: t.string({
      nullable: true,
      description: 'How far it is, or how it ended.',
      resolve: (operation, _args, context) => reasonOf(operation, context),
    }),
    reason: t.exposeString('reason', { description: 'Why it was started, as its operator said.' }),
    actor: t.exposeString('actor'),
    rollout: t.field({
      type: RolloutStrategy,
      resolve: ({ rollout }) => rollout as unknown as RolloutShape,
    }),
    rolling: t.field({
      type: RollingStrategy,
      nullable: true,
      resolve: ({ rolling }) => rolling as RollingShape | null,
    }),
    estimate: t.field({
      type: OperationEstimate,
      nullable: true,
      description:
        'As it was planned, of the whole: null for who sees only some of its clusters, and when it was not known.',
      resolve: ({ estimate }, _args, { principal }) =>
        visibilityOf(principal).all ? (estimate as unknown as Estimate | null) : null,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    startsAt: t.expose('startsAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Nothing of it begins before; null: it was to begin at once.',
    }),
    overrideReason: t.exposeString('overrideReason', {
      nullable: true,
      description: 'Why it heeds neither freezes nor maintenance windows; null: it does.',
    }),
    lateness: t.expose('lateness', { type: Lateness }),
    expiresInSeconds: t.exposeInt('expiresInSeconds', {
      nullable: true,
      description:
        'With EXPIRE: seconds after its issue in which a command must have begun; null: it does not expire.',
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: async (operation, _args, context) => (await shown(operation, context)).startedAt,
    }),
    finishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: async (operation, _args, context) => (await shown(operation, context)).finishedAt,
    }),
    abortRequestedAt: t.expose('abortRequestedAt', { type: 'DateTime', nullable: true }),
    pausedAt: t.expose('pausedAt', { type: 'DateTime', nullable: true }),
    pauseReason: t.exposeString('pauseReason', {
      nullable: true,
      description: 'By whom, or by which rule, and why.',
    }),
    hold: t.field({
      type: Hold,
      nullable: true,
      description: 'Why nothing of it moves; null when something moves or it has ended.',
      resolve: ({ hold }) => {
        const held = hold as unknown as WaveHold | null;
        return held && { ...held, since: new Date(held.since) };
      },
    }),
    reverts: t.relation('reverts', {
      nullable: true,
      description: 'The operation that this one takes back.',
    }),
    notRevertible: t.string({
      nullable: true,
      description: 'Why `revertOperation` would refuse; null: it would not.',
      resolve: notRevertible,
    }),
    stepCounts: t.field({
      type: [StepStatusCount],
      resolve: ({ id }, _args, context) => stepCounts(context, id),
    }),
    commandCounts: t.field({
      type: [CommandStatusCount],
      resolve: ({ id }, _args, context) => commandCounts(context, id),
    }),
    viewerCan: t.field({
      type: [Permission],
      resolve: async ({ id }, _args, context) => [
        permission(
          'ABORT_OPERATION',
          await mayAbort(context, id),
          'It needs the role OPERATOR over all of its clusters.',
        ),
      ],
    }),
  }),
});

export const OperationConnection = connectionOf(Operation, 'Operation');

const NEWEST_FIRST = new Keyset<Prisma.OperationWhereInput, Prisma.OperationOrderByWithRelationInput>(
  newestBy('createdAt'),
  byText('id'),
);

const OperationFilter = builder.inputType('OperationFilter', {
  fields: (t) => ({
    status: t.field({ type: [OperationStatus] }),
    kind: t.field({ type: [OperationKind] }),
    clusterId: t.id({ validate: input.id.nullish() }),
    nodeId: t.id({ validate: input.id.nullish() }),
    search: t.string({
      description: 'Part of the reason or of who started it.',
      validate: input.search.nullish(),
    }),
  }),
});

const operationWhere = (
  filter: typeof OperationFilter.$inferInput | null | undefined,
  seen: Visibility,
): Prisma.OperationWhereInput => {
  const { status, kind, clusterId, nodeId, search } = filter ?? {};
  const and: Prisma.OperationWhereInput[] = seen.all ? [] : [seen.operations];
  if (status) and.push(withStatus(status, seen));
  if (kind) and.push({ kind: { in: kind } });
  if (clusterId) and.push({ commands: { some: { clusterId, ...seen.ofCluster } } });
  if (nodeId) and.push({ commands: { some: { steps: { some: { nodeId } }, ...seen.ofCluster } } });
  if (search) {
    and.push({ OR: [{ reason: contains(search) }, { actor: contains(search) }] });
  }
  return { AND: and };
};

builder.queryFields((t) => ({
  operation: t.prismaField({
    type: Operation,
    nullable: true,
    authScopes: { viewer: true },
    args: { id: t.arg.id({ required: true, validate: input.id }) },
    resolve: (query, _parent, { id }, { deps, principal }) =>
      deps.prisma.operation.findUnique({ ...query, where: { id, ...visibilityOf(principal).operations } }),
  }),
  operations: t.connection(
    {
      type: Operation,
      description: 'Newest first.',
      authScopes: { viewer: true },
      args: { filter: t.arg({ type: OperationFilter }) },
      extensions: CHECKED_CURSORS,
      resolve: (_parent, { filter, ...args }, context, info) => {
        const passing = operationWhere(filter, visibilityOf(context.principal));
        return listed(NEWEST_FIRST, args, passing, context.deps.prisma.operation, context, info);
      },
    },
    OperationConnection,
  ),
}));
