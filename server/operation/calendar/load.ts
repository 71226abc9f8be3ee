import { clustersChosen } from '../../access/visibility.ts';
import type { Transaction } from '../../platform/event-log.ts';
import type { Prisma, PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { FreezeModel, MaintenanceWindowModel } from '../../platform/generated/prisma/models.ts';
import type { WaveView } from '../advance.ts';
import { choiceOf } from './choice.ts';
import { mayBegin, shutAt, type Calendar } from './calendar.ts';

type Db = PrismaClient | Transaction;

const withChoice = <T extends FreezeModel | MaintenanceWindowModel>(row: T) => ({
  ...row,
  clusters: choiceOf(row),
});

/** All that is of any weight from now on, in two queries. */
export async function loadCalendar(db: Db, now: Date): Promise<Calendar> {
  const freezes = await db.freeze.findMany({ where: { until: { gt: now } }, orderBy: { from: 'asc' } });
  const windows = await db.maintenanceWindow.findMany({ orderBy: { name: 'asc' } });
  return { freezes: freezes.map(withChoice), windows: windows.map(withChoice) };
}

export interface ShutClusters {
  calendar: Calendar;
  /** To these nothing is issued now. */
  clusters: Prisma.ClusterWhereInput;
  /** When to look again. */
  nextAt: Date | null;
}

/** To which clusters nothing is issued now; null: to each something may be. */
export async function loadShut(db: Db, now: Date): Promise<ShutClusters | null> {
  const calendar = await loadCalendar(db, now);
  const { frozen, windowed, open, nextAt } = shutAt(calendar, now);
  if (frozen.length + windowed.length === 0) return null;
  const outside = { AND: [clustersChosen(windowed), { NOT: clustersChosen(open) }] };
  return { calendar, clusters: { OR: [clustersChosen(frozen), outside] }, nextAt };
}

/** What of a wave waits for the calendar: how many, and why the first of them does. */
export async function shutIn(
  db: Db,
  waveId: string,
  { calendar, clusters, nextAt }: ShutClusters,
  now: Date,
): Promise<WaveView['shut']> {
  const where = { waveId, status: 'PLANNED' as const, pausedAt: null, cluster: clusters };
  const first = await db.command.findFirst({
    where,
    orderBy: { position: 'asc' },
    select: { cluster: { select: { name: true, labels: { select: { key: true, value: true } } } } },
  });
  const hold = first && mayBegin(first.cluster, now, calendar);
  if (!hold) return null;
  const { rule, reason, freedBy } = hold;
  return { count: await db.command.count({ where }), hold: { rule, reason, freedBy }, nextAt };
}
