import type { OperationModel } from '../platform/generated/prisma/models.ts';
import type { Prisma, PrismaClient } from '../platform/generated/prisma/client.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { OperationView, WaveView } from './advance.ts';
import { earliest, NO_CALENDAR, type Calendar } from './calendar/calendar.ts';
import { loadCalendar, loadShut, outOfWindow, shutIn } from './calendar/load.ts';
import { countsOf } from './progress.ts';
import { waveEnded } from './state.ts';
import type { RolloutStrategy } from './strategy.ts';
import { UNBEGUN } from './take-back.ts';

export interface Loaded {
  operation: OperationModel;
  view: OperationView;
  waveIds: string[];
  /** Commands that are not issued now; null: each may be. */
  shut: Prisma.CommandWhereInput | null;
  /**
   * When the first of the commands that were not begun expires, when a busy manager is to be asked again, and when the
   * first may be out of its maintenance window (now: it is).
   */
  due: { expiresAt: Date | null; notBefore: Date | null; closesAt: Date | null };
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
  const open = await openIn(db, id);
  // Those that have ended have commands again that were taken back from clusters for which they did not wait.
  const running = waves.filter(({ status, planned }) => status === 'RUNNING' && planned > 0);
  const late = waves.filter(({ status, planned }) => waveEnded(status) && planned > 0);
  const withinWindow =
    operation.lateness === 'WINDOW' && [...open.values()].some(({ unbegun }) => unbegun > 0);
  const heeds = operation.overrideReason === null && (running.length + late.length > 0 || withinWindow);
  const calendar = heeds ? await loadCalendar(db, now) : NO_CALENDAR;
  const shut = running.length + late.length > 0 ? await loadShut(db, now, calendar) : null;
  const shutOf = new Map<string, WaveView['shut']>();
  for (const some of [running, late])
    if (shut && some.length > 0)
      for (const [wave, part] of await shutIn(db, some, shut, now)) shutOf.set(wave, part);
  const soaking = waves.find(({ status }) => status === 'SOAKING');
  const unhealthy = soaking && operation.kind !== 'SHUTDOWN' ? await unhealthyIn(db, soaking.id) : null;
  return {
    operation,
    due: {
      expiresAt: earliest([...open.values()].map(({ expiresAt }) => expiresAt)),
      notBefore: earliest([...open.values()].map(({ notBefore }) => notBefore)),
      closesAt: withinWindow ? await closesAt(db, id, calendar, now) : null,
    },
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
        offline: open.get(wave.id)?.offline ?? 0,
        pausedCommands: open.get(wave.id)?.paused ?? 0,
        shut: shutOf.get(wave.id) ?? null,
        unhealthy: wave === soaking ? unhealthy : null,
      })),
    },
  };
}

/** What of a wave's open commands matters, beside how many there are. */
interface OpenCommands {
  waveId: string;
  /** Issued, at clusters that are offline. */
  offline: number;
  /** PLANNED and paused. */
  paused: number;
  /** Issued and not begun: how many, when the first expires, and when the first manager is to be asked again. */
  unbegun: number;
  expiresAt: Date | null;
  notBefore: Date | null;
}

/** By wave. */
async function openIn(
  db: PrismaClient | Transaction,
  operationId: string,
): Promise<Map<string, OpenCommands>> {
  const rows = await db.$queryRaw<OpenCommands[]>`
    SELECT w.id AS "waveId",
      (SELECT count(*)::int FROM command AS c JOIN cluster AS k ON k.id = c.cluster_id
        WHERE c.wave_id = w.id AND c.status IN ('PENDING', 'ACCEPTED', 'RUNNING') AND k.link = 'SILENT') AS offline,
      (SELECT count(*)::int FROM command AS c
        WHERE c.operation_id = w.operation_id AND c.paused_at IS NOT NULL
          AND c.wave_id = w.id AND c.status = 'PLANNED') AS paused,
      unbegun.count AS unbegun, unbegun.expires_at AS "expiresAt", unbegun.not_before AS "notBefore"
    FROM wave AS w, LATERAL (
      SELECT count(*)::int AS count, min(c.expires_at) AS expires_at, min(c.not_before) AS not_before FROM command AS c
      WHERE c.wave_id = w.id AND c.status IN ('PENDING', 'ACCEPTED') AND c.started_at IS NULL
    ) AS unbegun
    WHERE w.operation_id = ${operationId}`;
  return new Map(rows.map((row) => [row.waveId, row]));
}

/** When the first of the commands that were not begun may be out of its window; now, when one is. */
async function closesAt(
  db: PrismaClient | Transaction,
  operationId: string,
  calendar: Calendar,
  now: Date,
): Promise<Date | null> {
  const out = outOfWindow(calendar, now);
  if (!out) return null;
  const late = await db.command.findFirst({
    where: { operationId, ...UNBEGUN, AND: [out.commands] },
    select: { id: true },
  });
  return late ? now : out.nextAt;
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
