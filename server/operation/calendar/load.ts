import type { ChoosableCluster } from '../../access/grants.ts';
import { clustersChosen } from '../../access/visibility.ts';
import type { Transaction } from '../../platform/event-log.ts';
import type { Prisma, PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { FreezeModel, MaintenanceWindowModel } from '../../platform/generated/prisma/models.ts';
import type { WaveView } from '../advance.ts';
import type { Hold } from '../hold.ts';
import { choiceOf } from './choice.ts';
import { earliest, mayBegin, shutAt, type Calendar, type Shut as ShutChoices } from './calendar.ts';
import { holdOfPlannedOffline } from './offline.ts';

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

export interface Shut {
  calendar: Calendar;
  /** These are not issued now. */
  commands: Prisma.CommandWhereInput;
  /** When to look again. */
  nextAt: Date | null;
}

/** Which commands are not issued now; null: each may be. */
export async function loadShut(db: Db, now: Date, calendar: Calendar): Promise<Shut | null> {
  const { frozen, nextAt, ...windows } = shutAt(calendar, now);
  const away = { returnsAt: { gt: now } };
  const { _min: first } = await db.plannedOffline.aggregate({ where: away, _min: { returnsAt: true } });
  const shut: Prisma.CommandWhereInput[] = [];
  if (frozen.length > 0) shut.push({ cluster: clustersChosen(frozen) });
  if (windows.windowed.length > 0) shut.push(outOf(windows));
  if (first.returnsAt) {
    shut.push({ cluster: { plannedOffline: { some: { ...away, nodeId: null } } } });
    shut.push({ steps: { some: { skipRequested: false, node: { plannedOffline: { some: away } } } } });
  }
  if (shut.length === 0) return null;
  return { calendar, commands: { OR: shut }, nextAt: earliest([nextAt, first.returnsAt]) };
}

/** Of clusters that have windows, none of which is open. */
const outOf = ({ windowed, open }: Pick<ShutChoices, 'windowed' | 'open'>): Prisma.CommandWhereInput => ({
  cluster: { AND: [clustersChosen(windowed), { NOT: clustersChosen(open) }] },
});

/** Which commands may not begin any more if they are to begin within a window, and when that may be so of others. */
export function outOfWindow(calendar: Calendar, now: Date): Pick<Shut, 'commands' | 'nextAt'> | null {
  const { closesAt, ...windows } = shutAt(calendar, now);
  return windows.windowed.length > 0 ? { commands: outOf(windows), nextAt: closesAt } : null;
}

/** What of these waves waits, by wave: how many, and why the first of them all does. */
export async function shutIn(
  db: Db,
  waves: readonly { id: string }[],
  { calendar, commands, nextAt }: Shut,
  now: Date,
): Promise<Map<string, NonNullable<WaveView['shut']>>> {
  const where = {
    AND: [
      { waveId: { in: waves.map(({ id }) => id) }, status: 'PLANNED' as const, pausedAt: null },
      commands,
    ],
  };
  const first = await db.command.findFirst({
    where,
    orderBy: [{ wave: { index: 'asc' } }, { position: 'asc' }],
    select: { id: true, cluster: { select: SHUT_CLUSTER(now) } },
  });
  if (!first) return new Map();
  const away = await awayNodes(db, [first.id], now);
  const hold = shutHold(first.cluster, calendar, now) ?? away.get(first.id);
  if (!hold) return new Map();
  const counts = await db.command.groupBy({ by: ['waveId'], where, _count: true });
  return new Map(counts.map(({ waveId, _count: count }) => [waveId, { count, hold, nextAt }]));
}

/** What {@link shutHold} needs of a cluster. */
export const SHUT_CLUSTER = (now: Date) =>
  ({
    name: true,
    labels: { select: { key: true, value: true } },
    plannedOffline: { where: { nodeId: null, returnsAt: { gt: now } } },
  }) satisfies Prisma.ClusterSelect;

interface ShutCluster extends ChoosableCluster {
  plannedOffline: { reason: string; returnsAt: Date }[];
}

/** Why nothing is issued to a cluster now; null: something may be. */
export function shutHold(cluster: ShutCluster, calendar: Calendar, now: Date): Hold | null {
  const [planned] = cluster.plannedOffline;
  if (planned) return holdOfPlannedOffline(cluster.name, planned);
  const hold = mayBegin(cluster, now, calendar);
  return hold && { rule: hold.rule, reason: hold.reason, freedBy: hold.freedBy };
}

/** Of these commands those that wait because one of their nodes is planned to be offline. */
export async function awayNodes(
  db: Db,
  commandIds: readonly string[],
  now: Date,
): Promise<Map<string, Hold>> {
  const away = { returnsAt: { gt: now } };
  const steps = await db.step.findMany({
    where: {
      commandId: { in: [...commandIds] },
      skipRequested: false,
      node: { plannedOffline: { some: away } },
    },
    orderBy: { position: 'desc' },
    select: { commandId: true, node: { select: { name: true, plannedOffline: { where: away } } } },
  });
  // The first of each command's comes last, and stays.
  return new Map(
    steps.flatMap(({ commandId, node }) =>
      node.plannedOffline.map((planned) => [commandId, holdOfPlannedOffline(node.name, planned)]),
    ),
  );
}
