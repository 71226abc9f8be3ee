import type { Deps } from '../deps.ts';
import type { ManagerPrincipal } from '../access/principal.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { CommandModel } from '../platform/generated/prisma/models.ts';
import type { CommandStatus, EventKind } from '../platform/generated/prisma/enums.ts';
import { conflict, notFound } from '../platform/errors.ts';
import { change, type EventWriterDeps, type LoggedEvent, type Transaction } from '../platform/event-log.ts';
import { endingWithConsumer } from '../platform/iterate.ts';
import { checkEpoch } from '../manager/membership.ts';
import { lockCluster } from '../topology/lock.ts';
import { commandEvent, countMoves, lockCommands, skipSteps } from './progress.ts';
import type { ClusterRow } from '../topology/service.ts';
import { ACTIVE_COMMAND, commandEnded, takesReport } from './state.ts';
import { mustHaveEnded, updateSteps, type StepReport } from './steps.ts';

export interface CommandReport {
  commandId: string;
  epoch: number;
  sequence: number;
  status: Exclude<CommandStatus, 'PLANNED' | 'PENDING' | 'EXPIRED'>;
  statusReason: string | null;
  waitingFor: string | null;
  /** With REFUSED: it is busy, and asks to be asked again after so many seconds. */
  retryAfterSeconds: number | null;
  steps: StepReport[];
}

/**
 * The ids of the commands for the cluster of this primary: those that have not ended, oldest first, then each that is
 * issued, of which something else is wanted, or that expired, until the epoch is over. A command may come more than once.
 * @throws AppError CONFLICT when the manager is not, or no longer, the primary of that epoch.
 */
export const issuedCommands = (deps: Deps, principal: ManagerPrincipal, epoch: number) =>
  endingWithConsumer(async function* (signal) {
    const { events, leave } = deps.tail.clusters.follow(principal.clusterId, FOLLOWED);
    signal.addEventListener('abort', leave);
    try {
      yield* followCommands(deps, principal, epoch, events);
    } finally {
      leave();
    }
  });

async function* followCommands(
  deps: Deps,
  principal: ManagerPrincipal,
  epoch: number,
  news: AsyncIterable<LoggedEvent[]>,
): AsyncGenerator<string, void, void> {
  const { clusterId } = principal;
  await mustBePrimary(deps.prisma, principal, epoch);
  const waiting = await deps.prisma.command.findMany({
    where: { clusterId, OR: [ACTIVE, expiredUnseen(deps.clock.now())] },
    orderBy: [{ issuedAt: 'asc' }, { id: 'asc' }],
    select: { id: true },
  });
  yield* deliver(
    deps,
    principal,
    epoch,
    waiting.map(({ id }) => id),
  );
  for await (const events of news) {
    if (events.some(({ kind }) => MOVES_LEASE.has(kind))) await mustBePrimary(deps.prisma, principal, epoch);
    const told = events.filter(({ kind }) => MOVES_COMMAND.has(kind));
    const ids = told.map(({ commandId }) => commandId).filter((id) => id !== null);
    yield* deliver(deps, principal, epoch, [...new Set(ids)]);
  }
}

/** Commands that a manager is to have now: not one that it was too busy for, before its time has come. */
const ACTIVE = { status: { in: [...ACTIVE_COMMAND] }, notBefore: null };

/** After these a manager may be primary no more: another one is, or nobody. */
const MOVES_LEASE = new Set<EventKind>(['MANAGER_PROMOTED', 'MANAGER_LEFT', 'MANAGER_REVOKED']);
const MOVES_COMMAND = new Set<EventKind>(['COMMAND_ISSUED', 'COMMAND_WISHED']);
const FOLLOWED = new Set([...MOVES_LEASE, ...MOVES_COMMAND]);

/**
 * Commands that expired although a manager has them, and may not know. They are delivered with `abortRequested`, for as
 * long as such a manager may have been away: the longest time that a command can wait.
 */
const expiredUnseen = (now: Date) => ({
  status: 'EXPIRED' as const,
  deliveredAt: { not: null },
  finishedAt: { gt: new Date(now.getTime() - WEEK_MS) },
});
const WEEK_MS = 7 * 86_400_000;

async function mustBePrimary(
  db: PrismaClient | Transaction,
  { managerId, clusterId }: ManagerPrincipal,
  epoch: number,
): Promise<ClusterRow> {
  const cluster = await db.cluster.findUniqueOrThrow({ where: { id: clusterId } });
  if (cluster.primaryId === managerId && cluster.epoch === epoch) return cluster;
  throw conflict(`Epoch ${epoch} is over.`, { field: 'epoch', epoch: cluster.epoch });
}

/** Commands that are marked together: a manager that goes away may not have got the last of so many. */
const AT_ONCE = 20;

/**
 * Hands commands over, those that there are to hand over. Before, they are marked: from then on only the manager can say
 * that it did not begin them.
 * @throws AppError CONFLICT when the manager is primary no more: it has got nothing then.
 */
async function* deliver(
  deps: Deps,
  principal: ManagerPrincipal,
  epoch: number,
  ids: readonly string[],
): AsyncGenerator<string, void, void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const standing = await markDelivered(deps, principal, epoch, some);
    yield* some.filter((id) => standing.has(id));
  }
}

async function markDelivered(
  deps: Deps,
  principal: ManagerPrincipal,
  epoch: number,
  ids: string[],
): Promise<Set<string>> {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    // Under its lock the cluster has no other primary before this is committed.
    await lockCluster(tx, principal.clusterId);
    const cluster = await mustBePrimary(tx, principal, epoch);
    await lockCommands(tx, { ids });
    const first = await tx.command.updateManyAndReturn({
      where: { id: { in: ids }, ...ACTIVE, deliveredAt: null },
      data: { deliveredAt: now },
    });
    const told = `${cluster.name}: its manager has the command.`;
    record(...first.map((command) => commandEvent('COMMAND_CHANGED', command, told, principal)));
    const standing = await tx.command.findMany({
      where: { id: { in: ids }, OR: [ACTIVE, expiredUnseen(now)] },
      select: { id: true },
    });
    return new Set(standing.map(({ id }) => id));
  });
}

/**
 * What a manager has done of a command. State-based: a later report says all that an earlier one said.
 * @returns applied: false for a report that was applied before or whose command has ended.
 * @throws AppError NOT_FOUND for a command that is not of the manager's cluster; CONFLICT for a stale epoch; INVALID
 *   for a step that the command does not have, and for success where steps have not ended.
 */
export async function reportCommand(deps: Deps, principal: ManagerPrincipal, report: CommandReport) {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    const cluster = await lockCluster(tx, principal.clusterId);
    await lockCommands(tx, { ids: [report.commandId] });
    const command = await tx.command.findFirst({ where: { id: report.commandId, clusterId: cluster.id } });
    if (!command) throw notFound('command', report.commandId, 'input.commandId');
    checkEpoch(cluster, principal, report.epoch);
    if (!takesReport(command, report.status) || report.sequence <= command.reportSequence) {
      return { applied: false, sequence: command.reportSequence };
    }
    record(...(await updateSteps(tx, command, report.steps)));
    if (report.status === 'SUCCEEDED') await mustHaveEnded(tx, command.id);
    const next = afterReport(command, report, now);
    if (next.finishedAt)
      await skipSteps(tx, [command], report.statusReason ?? 'The command ended before.', now);
    await tx.command.update({ where: { id: command.id }, data: next });
    const told =
      next.status !== command.status ||
      next.statusReason !== command.statusReason ||
      next.managerWaits !== command.managerWaits;
    if (told) {
      const why = next.statusReason ?? next.managerWaits;
      const what = next.status === command.status ? next.status : `${command.status} → ${next.status}`;
      record(
        commandEvent(
          'COMMAND_CHANGED',
          command,
          [`${cluster.name}: ${what}.`, why].filter(Boolean).join(' '),
          principal,
        ),
      );
    }
    if (next.status !== command.status)
      await countMoves(tx, [{ waveId: command.waveId, from: command.status, to: next.status }]);
    return { applied: true, sequence: report.sequence };
  });
}

/**
 * What a command's row says after a report. A manager that is busy has not got it: it is asked again, unless the command
 * was to be aborted meanwhile.
 */
function afterReport(command: CommandModel, report: CommandReport, now: Date) {
  const { statusReason, waitingFor, sequence: reportSequence, retryAfterSeconds } = report;
  const busy = report.status === 'REFUSED' && retryAfterSeconds !== null;
  if (busy && !command.abortRequested) {
    return {
      status: 'PENDING' as const,
      statusReason: null,
      managerWaits: statusReason ?? waitingFor,
      notBefore: new Date(now.getTime() + retryAfterSeconds * 1000),
      reportSequence,
      deliveredAt: null,
      finishedAt: null,
    };
  }
  const status = busy ? 'ABORTED' : report.status;
  const ended = commandEnded(status);
  const begun = status === 'RUNNING' || status === 'SUCCEEDED';
  return {
    status,
    statusReason,
    managerWaits: ended ? null : waitingFor,
    notBefore: null,
    reportSequence,
    deliveredAt: command.deliveredAt ?? now,
    startedAt: command.startedAt ?? (begun ? now : null),
    finishedAt: ended ? now : null,
  };
}

/** Has managers that were busy asked again, when it is time. */
export async function askAgain(deps: EventWriterDeps, operationId: string): Promise<void> {
  const due = { operationId, status: 'PENDING' as const, notBefore: { lte: deps.clock.now() } };
  const waiting = await deps.prisma.command.findMany({ where: due, select: { id: true } });
  if (waiting.length === 0) return;
  await change(deps, async (tx, record) => {
    await lockCommands(tx, { ids: waiting.map(({ id }) => id) });
    const asked = await tx.command.updateManyAndReturn({ where: due, data: { notBefore: null } });
    record(...asked.map((command) => commandEvent('COMMAND_ISSUED', command, 'Its manager is asked again.')));
  });
}

/** Ends the commands that were not begun in their time. */
export async function expireCommands(deps: EventWriterDeps, operationId: string): Promise<void> {
  const now = deps.clock.now();
  const overdue = {
    operationId,
    status: { in: ['PENDING' as const, 'ACCEPTED' as const] },
    startedAt: null,
    expiresAt: { lte: now },
  };
  const late = await deps.prisma.command.findMany({ where: overdue, select: { id: true } });
  if (late.length === 0) return;
  await change(deps, async (tx, record) => {
    await lockCommands(tx, { ids: late.map(({ id }) => id) });
    const before = await tx.command.findMany({ where: overdue, select: { id: true, status: true } });
    const statusOf = new Map(before.map(({ id, status }) => [id, status]));
    const expired = await tx.command.updateManyAndReturn({
      where: { id: { in: [...statusOf.keys()] } },
      // A manager that has it and has not begun is told in the same words as by an abort: do not begin.
      data: {
        abortRequested: true,
        status: 'EXPIRED',
        statusReason: 'No manager began it in time.',
        finishedAt: now,
        managerWaits: null,
      },
    });
    await countMoves(
      tx,
      expired.map(({ id, waveId }) => ({ waveId, from: statusOf.get(id)!, to: 'EXPIRED' })),
    );
    await skipSteps(tx, expired, 'The command expired.', now);
    record(
      ...expired.map((command) =>
        commandEvent('COMMAND_WISHED', command, 'EXPIRED: no manager began it in time.'),
      ),
    );
  });
}
