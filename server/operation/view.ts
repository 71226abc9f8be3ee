import type { OperationModel } from '../platform/generated/prisma/models.ts';
import type { Prisma, PrismaClient } from '../platform/generated/prisma/client.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { OperationView, WaveView } from './advance.ts';
import { loadShut, shutIn } from './calendar/load.ts';
import { countsOf } from './progress.ts';
import { ACTIVE_COMMAND } from './state.ts';
import type { RolloutStrategy } from './strategy.ts';

export interface Loaded {
  operation: OperationModel;
  view: OperationView;
  waveIds: string[];
  /** Commands that are not issued now; null: each may be. */
  shut: Prisma.CommandWhereInput | null;
  /** When the first of the commands that were not begun expires, and when a busy manager is to be asked again. */
  due: { expiresAt: Date | null; notBefore: Date | null };
}

/** What the runner decides on, in a number of queries that grows with nothing; null when there is no such operation. */
export async function loadView(
  db: PrismaClient | Transaction,
  id: string,
  now: Date,
): Promise<Loaded | null> {
  const found = await db.operation.findUnique({
    where: { id },
    include: {
      waves: { orderBy: { index: 'asc' } },
      approvals: { orderBy: [{ at: 'asc' }, { personId: 'asc' }] },
    },
  });
  if (!found) return null;
  const { waves, approvals, ...operation } = found;
  const offline = await offlineIn(
    db,
    waves.map((wave) => wave.id),
  );
  const paused = await pausedIn(db, id);
  const running = waves.find(({ status, planned }) => status === 'RUNNING' && planned > 0);
  const shut = running ? await loadShut(db, now, operation.overrideReason !== null) : null;
  const shutInWave = running && shut ? await shutIn(db, running.id, shut, now) : null;
  const soaking = waves.find(({ status }) => status === 'SOAKING');
  const unhealthy = soaking && operation.kind !== 'SHUTDOWN' ? await unhealthyIn(db, soaking.id) : null;
  const { _min: due } = await db.command.aggregate({
    where: {
      waveId: { in: waves.map((wave) => wave.id) },
      status: { in: ['PENDING', 'ACCEPTED'] },
      startedAt: null,
    },
    _min: { expiresAt: true, notBefore: true },
  });
  return {
    operation,
    due,
    waveIds: waves.map((wave) => wave.id),
    shut: shut?.commands ?? null,
    view: {
      rollout: operation.rollout as unknown as RolloutStrategy,
      approvals: {
        needed: operation.approvalsNeeded,
        by: approvals.map(({ personName }) => personName),
        actor: operation.actor,
      },
      startsAt: operation.startsAt,
      pausedAt: operation.pausedAt,
      pauseReason: operation.pauseReason,
      abortRequested: operation.abortRequestedAt !== null,
      waves: waves.map((wave): WaveView => ({
        ...wave,
        counts: countsOf(wave),
        offline: offline.get(wave.id) ?? 0,
        pausedCommands: paused.get(wave.id) ?? 0,
        shut: wave === running ? shutInWave : null,
        unhealthy: wave === soaking ? unhealthy : null,
      })),
    },
  };
}

async function offlineIn(db: PrismaClient | Transaction, waveIds: string[]): Promise<Map<string, number>> {
  const groups = await db.command.groupBy({
    by: ['waveId'],
    where: { waveId: { in: waveIds }, status: { in: [...ACTIVE_COMMAND] }, cluster: { link: 'SILENT' } },
    _count: true,
  });
  return new Map(groups.map(({ waveId, _count }) => [waveId, _count]));
}

async function pausedIn(db: PrismaClient | Transaction, operationId: string): Promise<Map<string, number>> {
  const groups = await db.command.groupBy({
    by: ['waveId'],
    where: { operationId, pausedAt: { not: null }, status: 'PLANNED' },
    _count: true,
  });
  return new Map(groups.map(({ waveId, _count }) => [waveId, _count]));
}

/** The gate of a soak: clusters of the wave that were done stay healthy. Those that are offline cannot say. */
async function unhealthyIn(
  db: PrismaClient | Transaction,
  waveId: string,
): Promise<{ name: string; status: string } | null> {
  return db.cluster.findFirst({
    where: {
      status: { in: ['DOWN', 'DEGRADED', 'CHANGING'] },
      commands: { some: { waveId, status: 'SUCCEEDED' } },
    },
    orderBy: [{ status: 'asc' }, { name: 'asc' }],
    select: { name: true, status: true },
  });
}
