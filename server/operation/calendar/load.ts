import type { ChoosableCluster } from '../../access/grants.ts';
import { clustersChosen } from '../../access/visibility.ts';
import type { Transaction } from '../../platform/event-log.ts';
import type { Prisma, PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { FreezeModel, MaintenanceWindowModel } from '../../platform/generated/prisma/models.ts';
import type { WaveView } from '../advance.ts';
import type { Hold } from '../hold.ts';
import { choiceOf } from './choice.ts';
import { earliest, mayBegin, shutAt, type Calendar } from './calendar.ts';
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

/**
 * Which commands are not issued now; null: each may be.
 * @param override freezes and maintenance windows are not heeded
 */
export async function loadShut(db: Db, now: Date, override: boolean): Promise<Shut | null> {
  const calendar = override ? { freezes: [], windows: [] } : await loadCalendar(db, now);
  const { frozen, windowed, open, nextAt } = shutAt(calendar, now);
  const away = { returnsAt: { gt: now } };
  const { _min: first } = await db.plannedOffline.aggregate({ where: away, _min: { returnsAt: true } });
  const shut: Prisma.CommandWhereInput[] = [];
  if (frozen.length > 0) shut.push({ cluster: clustersChosen(frozen) });
  if (windowed.length > 0)
    shut.push({ cluster: { AND: [clustersChosen(windowed), { NOT: clustersChosen(open) }] } });
  if (first.returnsAt) {
    shut.push({ cluster: { plannedOffline: { some: { ...away, nodeId: null } } } });
    shut.push({ steps: { some: { skipRequested: false, node: { plannedOffline: { some: away } } } } });
  }
  if (shut.length === 0) return null;
  return { calendar, commands: { OR: shut }, nextAt: earliest([nextAt, first.returnsAt]) };
}

/** What of a wave waits: how many, and why the first of them does. */
export async function shutIn(
  db: Db,
  waveId: string,
  { calendar, commands, nextAt }: Shut,
  now: Date,
): Promise<WaveView['shut']> {
  const where = { AND: [{ waveId, status: 'PLANNED' as const, pausedAt: null }, commands] };
  const first = await db.command.findFirst({
    where,
    orderBy: { position: 'asc' },
    select: { id: true, cluster: { select: SHUT_CLUSTER(now) } },
  });
  if (!first) return null;
  const away = await awayNodes(db, [first.id], now);
  const hold = shutHold(first.cluster, calendar, now) ?? away.get(first.id);
  return hold ? { count: await db.command.count({ where }), hold, nextAt } : null;
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
