import type { Principal } from '../../access/principal.ts';
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
import type {
  CommandStatus as CommandStatusValue,
  StepStatus as StepStatusValue,
} from '../../platform/generated/prisma/enums.ts';
import type { CommandModel, StepModel } from '../../platform/generated/prisma/models.ts';
import { NO_CALENDAR } from '../calendar/calendar.ts';
import { awayNodes, loadCalendar, SHUT_CLUSTER, shutHold } from '../calendar/load.ts';
import { holdOfCommand, type Hold as HoldShape, type WaveHold } from '../hold.ts';
import { ACTIVE_COMMAND } from '../state.ts';
import type { RollingLimits as LimitsShape } from '../strategy.ts';
import { titleOf } from '../words.ts';
import {
  CommandStatus,
  OperationKind,
  OperationMode,
  StepStatus,
  StepStatusCount,
  byKey,
} from './operation.ts';
import { Hold } from './hold.ts';
import { RollingLimits } from './strategy.ts';

const stepCounts = batched<{ status: StepStatusValue; count: number }[]>(async (ids, { prisma }) => {
  const rows = await prisma.step.groupBy({
    by: ['commandId', 'status'],
    where: { commandId: { in: [...ids] } },
    _count: true,
    orderBy: [{ commandId: 'asc' }, { status: 'asc' }],
  });
  return byKey(rows.map(({ commandId, status, _count }) => ({ key: commandId, status, count: _count })));
}, []);

const awayNode = batched<HoldShape | null>(
  (ids, { prisma, clock }) => awayNodes(prisma, ids, clock.now()),
  null,
);

/** What a waiting command has to do with: its cluster and the commands that are open there, oldest first. */
const queueOf = batched(async (clusterIds, { prisma, clock }) => {
  const now = clock.now();
  const calendar = await loadCalendar(prisma, now);
  const clusters = await prisma.cluster.findMany({
    where: { id: { in: [...clusterIds] } },
    select: {
      id: true,
      ...SHUT_CLUSTER(now),
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
  return new Map(
    clusters.map((cluster) => [
      cluster.id,
      {
        ...cluster,
        shut: shutHold(cluster, calendar, now),
        shutWithOverride: shutHold(cluster, NO_CALENDAR, now),
      },
    ]),
  );
}, undefined);

/** Of one command's steps: a place is one step's alone. */
const IN_ORDER = new Keyset<Prisma.StepWhereInput, Prisma.StepOrderByWithRelationInput>(byNumber('position'));
/** Of one operation's commands. */
const AS_ISSUED = new Keyset<Prisma.CommandWhereInput, Prisma.CommandOrderByWithRelationInput>(
  byNumber('position'),
  byNumber('attempt'),
  byText('id'),
);

interface CommandFilter {
  status: readonly CommandStatusValue[] | null | undefined;
  wave: number | null | undefined;
  allAttempts: boolean | null | undefined;
}

const commandsWith = (
  { status, wave, allAttempts }: CommandFilter,
  principal: Principal,
): Prisma.CommandWhereInput => ({
  ...(status && { status: { in: [...status] } }),
  ...(typeof wave === 'number' && { wave: { index: wave } }),
  ...(!allAttempts && { current: true }),
  ...visibilityOf(principal).ofCluster,
});

const commandTotal = batched<number, CommandFilter>(async (ids, { prisma }, filter, { principal }) => {
  const rows = await prisma.command.groupBy({
    by: ['operationId'],
    where: { operationId: { in: [...ids] }, AND: [commandsWith(filter, principal)] },
    _count: true,
  });
  return new Map(rows.map(({ operationId, _count }) => [operationId, _count]));
}, 0);

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
      type: RollingLimits,
      nullable: true,
      resolve: ({ rolling }) => rolling as unknown as LimitsShape | null,
    }),
    status: t.expose('status', { type: CommandStatus }),
    statusReason: t.exposeString('statusReason', { nullable: true }),
    wave: t.relation('wave'),
    attempt: t.exposeInt('attempt', {
      description: 'From 1: a retry is another command for the same cluster.',
    }),
    hold: t.field({
      type: Hold,
      nullable: true,
      description: 'Why it does not move; null when it moves or has ended.',
      extensions: UNLOGGED,
      select: {
        wave: {
          select: {
            index: true,
            name: true,
            status: true,
            pausedAt: true,
            pauseReason: true,
            operation: { select: { pausedAt: true, pauseReason: true, hold: true, overrideReason: true } },
          },
        },
      },
      resolve: async (command, _args, context) => {
        const cluster = await queueOf(context, command.clusterId);
        if (!cluster) return null;
        const [first] = cluster.commands;
        const ahead = first && first.id !== command.id ? titleOf(first.kind, first.operation.reason) : null;
        const { wave } = command;
        const operation = { ...wave.operation, hold: wave.operation.hold as unknown as WaveHold | null };
        const shut =
          (operation.overrideReason === null ? cluster.shut : cluster.shutWithOverride) ??
          (command.status === 'PLANNED' ? await awayNode(context, command.id) : null);
        return holdOfCommand(command, { operation, wave, cluster, ahead, shut });
      },
    }),
    issuedAt: t.expose('issuedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Null: its turn has not come.',
    }),
    deliveredAt: t.expose('deliveredAt', { type: 'DateTime', nullable: true }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ends if it was not begun; null: it was not issued.',
    }),
    notBefore: t.expose('notBefore', {
      type: 'DateTime',
      nullable: true,
      description: 'Its manager was busy and is asked again then.',
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
    pauseRequested: t.boolean({
      description: 'It, its wave or its operation is paused: no further batch is to begin.',
      select: {
        pausedAt: true,
        wave: { select: { pausedAt: true, operation: { select: { pausedAt: true } } } },
      },
      resolve: ({ pausedAt, wave }) => (pausedAt ?? wave.pausedAt ?? wave.operation.pausedAt) !== null,
    }),
    abortRequested: t.exposeBoolean('abortRequested', {
      description: 'No further batch is to begin; what is under way is finished.',
    }),
    abortAtOnce: t.exposeBoolean('abortAtOnce', { description: 'Nor is what is under way waited for.' }),
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
  // Only what is asked for is read of each: there are very many.
  select: { id: true },
  description: 'What a command does to one node.',
  authScopes: { viewer: true, manager: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    command: t.relation('command'),
    node: t.relation('node'),
    nodeName: t.exposeString('nodeName'),
    batch: t.exposeInt('batch', { description: 'From 0. A batch’s nodes are done at once.' }),
    status: t.expose('status', { type: StepStatus }),
    skipRequested: t.exposeBoolean('skipRequested', {
      description: 'It is to be left out, if it has not begun.',
    }),
    pauseRequested: t.boolean({
      description: 'Its batch is not to begin.',
      select: { pausedAt: true },
      resolve: ({ pausedAt }) => pausedAt !== null,
    }),
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
      description: 'In the order in which they are issued.',
      args: {
        status: t.arg({ type: [CommandStatus] }),
        wave: t.arg.int({ description: 'Index of a wave.' }),
        allAttempts: t.arg.boolean({ description: 'Also those that another attempt has replaced.' }),
      },
      extensions: CHECKED_CURSORS,
      select: ({ status, wave, allAttempts, ...args }, { principal }, nested) => {
        const { where, ...page } = AS_ISSUED.page(args);
        const passing = commandsWith({ status, wave, allAttempts }, principal);
        const { select } = AS_ISSUED;
        return { commands: nested({ ...page, select, where: { AND: [passing, where] } }, ['edges', 'node']) };
      },
      resolve: async ({ id, commands }, { status, wave, allAttempts, ...args }, context) => ({
        ...(await AS_ISSUED.connection(args, commands as CommandModel[])),
        totalCount: () => commandTotal(context, id, { status, wave, allAttempts }),
      }),
    },
    CommandConnection,
  ),
}));
