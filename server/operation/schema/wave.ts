import { visibilityOf } from '../../access/visibility.ts';
import { builder } from '../../graphql/builder.ts';
import { batched } from '../../graphql/loader.ts';
import { WaveStatus as WaveStatusEnum } from '../../platform/generated/prisma/enums.ts';
import { holdOfWave, type WaveHold } from '../hold.ts';
import { countsOf } from '../progress.ts';
import { Hold } from './hold.ts';
import { byKey, CommandStatusCount, Operation } from './operation.ts';

const WaveStatus = builder.enumType(WaveStatusEnum, {
  name: 'WaveStatus',
  description: 'SOAKING: its clusters are done and must stay healthy for a while.',
});

/** Of the clusters that one sees. */
const visibleCounts = batched(async (ids, { prisma }, _args, { principal }) => {
  const rows = await prisma.command.groupBy({
    by: ['waveId', 'status'],
    where: { waveId: { in: [...ids] }, current: true, ...visibilityOf(principal).ofCluster },
    _count: true,
    orderBy: [{ waveId: 'asc' }, { status: 'asc' }],
  });
  return byKey(rows.map(({ waveId, status, _count }) => ({ key: waveId, status, count: _count })));
}, []);

builder.prismaObject('Wave', {
  description: 'Clusters of an operation that are done before those of the next wave.',
  authScopes: { viewer: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    index: t.exposeInt('index', { description: 'From 0, in the order in which they are done.' }),
    name: t.exposeString('name'),
    status: t.expose('status', { type: WaveStatus }),
    statusReason: t.exposeString('statusReason', { nullable: true }),
    manualGate: t.exposeBoolean('manualGate'),
    promotedAt: t.expose('promotedAt', { type: 'DateTime', nullable: true }),
    promotedBy: t.exposeString('promotedBy', { nullable: true }),
    soakSeconds: t.exposeInt('soakSeconds'),
    soakUntil: t.expose('soakUntil', { type: 'DateTime', nullable: true }),
    failureBudget: t.exposeInt('failureBudget', { description: 'Clusters of it that may fail.' }),
    offlineBudget: t.exposeInt('offlineBudget', {
      description: 'Clusters of it for which it does not wait while they are offline.',
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
    pausedAt: t.expose('pausedAt', { type: 'DateTime', nullable: true }),
    commandCounts: t.field({
      type: [CommandStatusCount],
      resolve: (wave, _args, context) =>
        visibilityOf(context.principal).all
          ? Object.entries(countsOf(wave))
              .filter(([, count]) => count > 0)
              .map(([status, count]) => ({ status: status as 'PLANNED', count }))
          : visibleCounts(context, wave.id),
    }),
    hold: t.field({
      type: Hold,
      nullable: true,
      description: 'Why nothing of it moves; null when it moves or has ended.',
      select: { operation: { select: { hold: true, pausedAt: true, pauseReason: true } } },
      resolve: (wave) => holdOfWave(wave, wave.operation, wave.operation.hold as WaveHold | null),
    }),
  }),
});

builder.prismaObjectFields(Operation, (t) => ({
  waves: t.relation('waves', {
    description: 'In the order in which they are done; at most 51.',
    query: (_args, { principal }) => ({
      where: visibilityOf(principal).all ? {} : { commands: { some: visibilityOf(principal).ofCluster } },
      orderBy: { index: 'asc' as const },
    }),
  }),
}));
