import type { Prisma } from '../../platform/generated/prisma/client.ts';
import {
  CommandStatus as CommandStatusEnum,
  OperationKind as OperationKindEnum,
  OperationMode as OperationModeEnum,
  OperationStatus as OperationStatusEnum,
  StepStatus as StepStatusEnum,
} from '../../platform/generated/prisma/enums.ts';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import { batched } from '../../graphql/loader.ts';
import * as input from '../../graphql/input.ts';
import { contains } from '../../topology/filter.ts';
import type { RollingStrategy as RollingShape } from '../plan.ts';

export const OperationKind = builder.enumType(OperationKindEnum, { name: 'OperationKind' });
export const OperationMode = builder.enumType(OperationModeEnum, {
  name: 'OperationMode',
  description: 'GRACEFUL lets a node finish its work first, FORCED does not.',
});
export const OperationStatus = builder.enumType(OperationStatusEnum, { name: 'OperationStatus' });
export const CommandStatus = builder.enumType(CommandStatusEnum, { name: 'CommandStatus' });
export const StepStatus = builder.enumType(StepStatusEnum, {
  name: 'StepStatus',
  description: 'PENDING: its batch has not begun. WAITING: held by a rule. CHECKING: until it is healthy.',
});

export const RollingStrategy = builder.objectRef<RollingShape>('RollingStrategy').implement({
  authScopes: { public: true },
  fields: (t) => ({
    batchSize: t.exposeInt('batchSize'),
    maxUnavailable: t.exposeInt('maxUnavailable'),
    healthTimeoutSeconds: t.exposeInt('healthTimeoutSeconds'),
    pauseSeconds: t.exposeInt('pauseSeconds'),
    stopAfterFailures: t.exposeInt('stopAfterFailures'),
  }),
});

type Count<S extends string> = { status: S; count: number };
export const StepStatusCount = builder.objectRef<Count<StepStatusEnum>>('StepStatusCount').implement({
  authScopes: { public: true },
  fields: (t) => ({ status: t.expose('status', { type: StepStatus }), count: t.exposeInt('count') }),
});
const CommandStatusCount = builder.objectRef<Count<CommandStatusEnum>>('CommandStatusCount').implement({
  authScopes: { public: true },
  fields: (t) => ({ status: t.expose('status', { type: CommandStatus }), count: t.exposeInt('count') }),
});

/** Rows of (key, status, count) as lists by key. */
export function byKey<S extends string>(rows: readonly { key: string; status: S; count: number }[]) {
  const map = new Map<string, Count<S>[]>();
  for (const { key, status, count } of rows) map.set(key, [...(map.get(key) ?? []), { status, count }]);
  return map;
}

const stepCounts = batched<Count<StepStatusEnum>[]>(async (ids, { prisma }) => {
  const rows = await prisma.$queryRaw<{ key: string; status: StepStatusEnum; count: number }[]>`
    SELECT c.operation_id AS key, s.status, count(*)::int AS count FROM step s JOIN command c ON c.id = s.command_id
    WHERE c.operation_id = ANY(${[...ids]}) GROUP BY 1, 2 ORDER BY 1, 2`;
  return byKey(rows);
}, []);

const commandCounts = batched<Count<CommandStatusEnum>[]>(async (ids, { prisma }) => {
  const rows = await prisma.command.groupBy({
    by: ['operationId', 'status'],
    where: { operationId: { in: [...ids] } },
    _count: true,
    orderBy: [{ operationId: 'asc' }, { status: 'asc' }],
  });
  return byKey(rows.map(({ operationId, status, _count }) => ({ key: operationId, status, count: _count })));
}, []);

export const Operation = builder.prismaObject('Operation', {
  description: 'Something that operators had done to clusters or nodes.',
  authScopes: { operator: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    kind: t.expose('kind', { type: OperationKind }),
    mode: t.expose('mode', { type: OperationMode }),
    status: t.expose('status', { type: OperationStatus }),
    statusReason: t.exposeString('statusReason', {
      nullable: true,
      description: 'How far it is, or how it ended.',
    }),
    reason: t.exposeString('reason', { description: 'Why it was started, as its operator said.' }),
    actor: t.exposeString('actor'),
    rolling: t.field({
      type: RollingStrategy,
      nullable: true,
      resolve: ({ rolling }) => rolling as RollingShape | null,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
    abortRequestedAt: t.expose('abortRequestedAt', { type: 'DateTime', nullable: true }),
    stepCounts: t.field({
      type: [StepStatusCount],
      resolve: ({ id }, _args, context) => stepCounts(context, id),
    }),
    commandCounts: t.field({
      type: [CommandStatusCount],
      resolve: ({ id }, _args, context) => commandCounts(context, id),
    }),
  }),
});

export const OperationConnection = connectionOf(Operation, 'Operation');

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
): Prisma.OperationWhereInput => {
  const { status, kind, clusterId, nodeId, search } = filter ?? {};
  const and: Prisma.OperationWhereInput[] = [];
  if (status) and.push({ status: { in: status } });
  if (kind) and.push({ kind: { in: kind } });
  if (clusterId) and.push({ commands: { some: { clusterId } } });
  if (nodeId) and.push({ commands: { some: { steps: { some: { nodeId } } } } });
  if (search) {
    and.push({ OR: [{ reason: contains(search) }, { actor: contains(search) }] });
  }
  return { AND: and };
};

builder.queryFields((t) => ({
  operation: t.prismaField({
    type: Operation,
    nullable: true,
    authScopes: { operator: true },
    args: { id: t.arg.id({ required: true, validate: input.id }) },
    resolve: (query, _parent, { id }, { deps }) =>
      deps.prisma.operation.findUnique({ ...query, where: { id } }),
  }),
  operations: t.prismaConnection(
    {
      type: Operation,
      cursor: 'id',
      description: 'Newest first.',
      authScopes: { operator: true },
      args: { filter: t.arg({ type: OperationFilter }) },
      resolve: (query, _parent, { filter }, { deps }) =>
        deps.prisma.operation.findMany({
          ...query,
          where: operationWhere(filter),
          orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
        }),
      totalCount: (_parent, { filter }, { deps }) =>
        deps.prisma.operation.count({ where: operationWhere(filter) }),
    },
    OperationConnection,
  ),
}));
