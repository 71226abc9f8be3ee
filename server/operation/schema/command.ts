import { visibilityOf } from '../../access/visibility.ts';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import * as input from '../../graphql/input.ts';
import { batched } from '../../graphql/loader.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import type { StepStatus as StepStatusValue } from '../../platform/generated/prisma/enums.ts';
import { holdOfCommand } from '../hold.ts';
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
            name: true,
            status: true,
            pausedAt: true,
            pauseReason: true,
            operation: { select: { pausedAt: true, pauseReason: true } },
          },
        },
      },
      resolve: async (command, _args, context) => {
        const cluster = await queueOf(context, command.clusterId);
        if (!cluster) return null;
        const [first] = cluster.commands;
        const ahead = first && first.id !== command.id ? titleOf(first.kind, first.operation.reason) : null;
        const { wave } = command;
        return holdOfCommand(command, { operation: wave.operation, wave, cluster, ahead });
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
    steps: t.relatedConnection(
      'steps',
      {
        cursor: 'id',
        totalCount: true,
        args: { status: t.arg({ type: [StepStatus] }) },
        query: ({ status }) => ({
          where: status ? { status: { in: status } } : {},
          orderBy: { position: 'asc' as const },
        }),
      },
      { name: 'StepConnection', authScopes: { public: true } },
      { name: 'StepEdge', authScopes: { public: true } },
    ),
    allSteps: t.relation('steps', {
      description: 'All steps in the order in which they are done, unpaged: for the manager.',
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
    skipRequested: t.exposeBoolean('skipRequested', {
      description: 'It is to be left out, if it has not begun.',
    }),
    pauseRequested: t.boolean({
      description: 'Its batch is not to begin.',
      select: { pausedAt: true },
      resolve: ({ pausedAt }) => pausedAt !== null,
    }),
    reason: t.exposeString('reason', { nullable: true }),
    output: t.exposeStringList('output', { description: 'The node’s last lines, when the step failed.' }),
    instanceBefore: t.exposeString('instanceBefore', {
      nullable: true,
      description: 'What ran before: for a process its id and start.',
    }),
    instanceAfter: t.exposeString('instanceAfter', { nullable: true }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
  }),
});

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
  commands: t.relatedConnection(
    'commands',
    {
      cursor: 'id',
      totalCount: true,
      description: 'In the order in which they are issued.',
      args: {
        status: t.arg({ type: [CommandStatus] }),
        wave: t.arg.int({ description: 'Index of a wave.' }),
        allAttempts: t.arg.boolean({ description: 'Also those that another attempt has replaced.' }),
      },
      query: ({ status, wave, allAttempts }, { principal }) => ({
        where: {
          ...(status && { status: { in: status } }),
          ...(wave !== null && wave !== undefined && { wave: { index: wave } }),
          ...(allAttempts ? {} : { current: true }),
          ...visibilityOf(principal).ofCluster,
        },
        orderBy: [{ position: 'asc' as const }, { attempt: 'asc' as const }, { id: 'asc' as const }],
      }),
    },
    CommandConnection,
  ),
}));
