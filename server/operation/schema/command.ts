import { visibilityOf } from '../../access/visibility.ts';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import { OUTPUT_LINES } from '../../graphql/cost.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { byNumber, byText, Keyset } from '../../graphql/keyset.ts';
import { batched } from '../../graphql/loader.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import type { Prisma } from '../../platform/generated/prisma/client.ts';
import type { StepStatus as StepStatusValue } from '../../platform/generated/prisma/enums.ts';
import type { CommandModel, StepModel } from '../../platform/generated/prisma/models.ts';
import type { RollingStrategy as RollingShape } from '../plan.ts';
import { ACTIVE_COMMAND, waitingFor } from '../state.ts';
import { titleOf } from '../words.ts';
import {
  CommandStatus,
  OperationKind,
  OperationMode,
  RollingStrategy,
  StepStatus,
  StepStatusCount,
  byKey,
  commandCounts,
} from './operation.ts';

const stepCounts = batched<{ status: StepStatusValue; count: number }[]>(async (ids, { prisma }) => {
  const rows = await prisma.step.groupBy({
    by: ['commandId', 'status'],
    where: { commandId: { in: [...ids] } },
    _count: true,
    orderBy: [{ commandId: 'asc' }, { status: 'asc' }],
  });
  return byKey(rows.map(({ commandId, status, _count }) => ({ key: commandId, status, count: _count })));
}, []);

/** What a waiting command has to do with: its cluster and the commands that are open there, oldest first. */
const queueOf = batched(async (clusterIds, { prisma }) => {
  const clusters = await prisma.cluster.findMany({
    where: { id: { in: [...clusterIds] } },
    select: {
      id: true,
      name: true,
      link: true,
      lastHeardAt: true,
      commands: {
        where: { status: { in: [...ACTIVE_COMMAND] } },
        orderBy: [{ issuedAt: 'asc' }, { id: 'asc' }],
        select: { id: true, kind: true, operation: { select: { reason: true } } },
        take: 1,
      },
    },
  });
  return new Map(clusters.map((cluster) => [cluster.id, cluster]));
}, undefined);

/** Of one command's steps: a place is one step's alone. */
const IN_ORDER = new Keyset<Prisma.StepWhereInput, Prisma.StepOrderByWithRelationInput>(byNumber('position'));
/** Of one operation's commands. */
const BY_CLUSTER = new Keyset<Prisma.CommandWhereInput, Prisma.CommandOrderByWithRelationInput>(
  byText('cluster', 'name'),
  byText('id'),
);

const totalOf = <S extends string>(
  counts: readonly { status: S; count: number }[],
  among: readonly S[] | null | undefined,
): number =>
  counts.reduce((sum, { status, count }) => (!among || among.includes(status) ? sum + count : sum), 0);

export const Command = builder.prismaObject('Command', {
  description: 'What one cluster’s manager is asked to do. An operation has one for each of its clusters.',
  authScopes: (command) => ({ viewer: true, managerOf: command.clusterId }),
  fields: (t) => ({
    id: t.exposeID('id'),
    operation: t.relation('operation'),
    cluster: t.relation('cluster'),
    kind: t.expose('kind', { type: OperationKind }),
    mode: t.expose('mode', { type: OperationMode }),
    rolling: t.field({
      type: RollingStrategy,
      nullable: true,
      resolve: ({ rolling }) => rolling as RollingShape | null,
    }),
    status: t.expose('status', { type: CommandStatus }),
    statusReason: t.exposeString('statusReason', { nullable: true }),
    waitingFor: t.string({
      nullable: true,
      description: 'Which rule holds it, and what would free it; null when it moves or has ended.',
      extensions: UNLOGGED,
      resolve: async (command, _args, context) => {
        const cluster = await queueOf(context, command.clusterId);
        if (!cluster) return null;
        const [first] = cluster.commands;
        const ahead = first && first.id !== command.id ? titleOf(first.kind, first.operation.reason) : null;
        return waitingFor(command, cluster, ahead);
      },
    }),
    issuedAt: t.expose('issuedAt', { type: 'DateTime' }),
    deliveredAt: t.expose('deliveredAt', { type: 'DateTime', nullable: true }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it ends if it was not begun.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
    abortRequested: t.exposeBoolean('abortRequested'),
    reportSequence: t.exposeInt('reportSequence', {
      description: 'Number of the last report that was applied.',
      extensions: UNLOGGED,
    }),
    stepCounts: t.field({
      type: [StepStatusCount],
      resolve: ({ id }, _args, context) => stepCounts(context, id),
    }),
    steps: t.connection(
      {
        type: Step,
        args: { status: t.arg({ type: [StepStatus] }) },
        extensions: CHECKED_CURSORS,
        select: ({ status, ...args }, _context, nested) => {
          const { where, ...page } = IN_ORDER.page(args);
          const { select } = IN_ORDER;
          const passing = status ? { status: { in: status } } : {};
          return { steps: nested({ ...page, select, where: { AND: [passing, where] } }, ['edges', 'node']) };
        },
        resolve: async ({ id, steps }, { status, ...args }, context) => ({
          ...(await IN_ORDER.connection(args, steps as StepModel[])),
          totalCount: async () => totalOf(await stepCounts(context, id), status),
        }),
      },
      StepConnection,
    ),
    allSteps: t.relation('steps', {
      description: 'All steps in the order in which they are done, unpaged: for the manager alone.',
      authScopes: { manager: true },
      query: { orderBy: { position: 'asc' } },
    }),
  }),
});

const CommandConnection = connectionOf(Command, 'Command');

export const Step = builder.prismaObject('Step', {
  description: 'What a command does to one node.',
  authScopes: { viewer: true, manager: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    command: t.relation('command'),
    node: t.relation('node'),
    nodeName: t.exposeString('nodeName'),
    batch: t.exposeInt('batch', { description: 'From 0. A batch’s nodes are done at once.' }),
    status: t.expose('status', { type: StepStatus }),
    reason: t.exposeString('reason', { nullable: true }),
    output: t.exposeStringList('output', {
      description: 'The node’s last lines, when the step failed.',
      extensions: OUTPUT_LINES,
    }),
    instanceBefore: t.exposeString('instanceBefore', {
      nullable: true,
      description: 'What ran before: for a process its id and start.',
    }),
    instanceAfter: t.exposeString('instanceAfter', { nullable: true }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
  }),
});

const StepConnection = connectionOf(Step, 'Step');

builder.queryFields((t) => ({
  command: t.prismaField({
    type: Command,
    nullable: true,
    authScopes: { viewer: true, manager: true },
    args: { id: t.arg.id({ required: true, validate: input.id }) },
    resolve: (query, _parent, { id }, { deps, principal }) =>
      deps.prisma.command.findUnique({ ...query, where: { id, ...visibilityOf(principal).ofCluster } }),
  }),
}));

builder.prismaObjectFields('Operation', (t) => ({
  commands: t.connection(
    {
      type: Command,
      args: { status: t.arg({ type: [CommandStatus] }) },
      extensions: CHECKED_CURSORS,
      select: ({ status, ...args }, { principal }, nested) => {
        const { where, ...page } = BY_CLUSTER.page(args);
        const passing = { ...(status && { status: { in: status } }), ...visibilityOf(principal).ofCluster };
        const { select } = BY_CLUSTER;
        return { commands: nested({ ...page, select, where: { AND: [passing, where] } }, ['edges', 'node']) };
      },
      resolve: async ({ id, commands }, { status, ...args }, context) => ({
        ...(await BY_CLUSTER.connection(args, commands as CommandModel[])),
        totalCount: async () => totalOf(await commandCounts(context, id), status),
      }),
    },
    CommandConnection,
  ),
}));
