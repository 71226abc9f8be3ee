import type { Deps } from '../deps.ts';
import type { ManagerPrincipal } from '../access/principal.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { CommandStatus, EventKind } from '../platform/generated/prisma/enums.ts';
import { conflict, notFound } from '../platform/errors.ts';
import { change, headPosition, type Transaction } from '../platform/event-log.ts';
import { endingWithConsumer } from '../platform/iterate.ts';
import { checkEpoch } from '../manager/membership.ts';
import { lockCluster } from '../topology/lock.ts';
import { commandEvent, lockCommands, lockOperation, refreshOperation, skipSteps } from './progress.ts';
import type { ClusterRow } from '../topology/service.ts';
import { ACTIVE_COMMAND, commandEnded, takesReport } from './state.ts';
import { mustHaveEnded, updateSteps, type StepReport } from './steps.ts';

export interface CommandReport {
  commandId: string;
  epoch: number;
  sequence: number;
  status: Exclude<CommandStatus, 'PENDING' | 'EXPIRED'>;
  statusReason: string | null;
  waitingFor: string | null;
  steps: StepReport[];
}

/**
 * The ids of the commands for the cluster of this primary: those that have not ended, oldest first, then each that is
 * issued, whose abort is requested, or that expired, until the epoch is over. A command may come more than once.
 * @throws AppError CONFLICT when the manager is not, or no longer, the primary of that epoch.
 */
export const issuedCommands = (deps: Deps, principal: ManagerPrincipal, epoch: number) =>
  endingWithConsumer((signal) => followCommands(deps, principal, epoch, signal));

async function* followCommands(
  deps: Deps,
  principal: ManagerPrincipal,
  epoch: number,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  const { clusterId } = principal;
  const head = await headPosition(deps.prisma);
  await mustBePrimary(deps.prisma, principal, epoch);
  const waiting = await deps.prisma.command.findMany({
    where: { clusterId, OR: [{ status: { in: [...ACTIVE_COMMAND] } }, expiredUnseen(deps.clock.now())] },
    orderBy: [{ issuedAt: 'asc' }, { id: 'asc' }],
    select: { id: true },
  });
  for (const { id } of waiting) if (await deliver(deps, principal, epoch, id)) yield id;
  for await (const { events } of deps.tail.follow(head, signal)) {
    for (const { kind, clusterId: where, commandId } of events) {
      if (where !== clusterId) continue;
      if (MOVES_LEASE.has(kind)) await mustBePrimary(deps.prisma, principal, epoch);
      const news = kind === 'COMMAND_ISSUED' || kind === 'COMMAND_ABORT_REQUESTED';
      if (news && commandId && (await deliver(deps, principal, epoch, commandId))) yield commandId;
    }
  }
}

/** After these a manager may be primary no more: another one is, or nobody. */
const MOVES_LEASE = new Set<EventKind>(['MANAGER_PROMOTED', 'MANAGER_LEFT', 'MANAGER_REVOKED']);

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

/**
 * Marks the command as handed to its manager: from now on only the manager can say that it did not begin.
 * @returns whether there is anything to hand over.
 * @throws AppError CONFLICT when the manager is primary no more: it has got nothing then.
 */
async function deliver(deps: Deps, principal: ManagerPrincipal, epoch: number, id: string): Promise<boolean> {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    // Under its lock the cluster has no other primary before this is committed.
    await lockCluster(tx, principal.clusterId);
    const cluster = await mustBePrimary(tx, principal, epoch);
    const [first] = await tx.command.updateManyAndReturn({
      where: { id, status: { in: [...ACTIVE_COMMAND] }, deliveredAt: null },
      data: { deliveredAt: now },
    });
    if (first) {
      record(
        commandEvent('COMMAND_CHANGED', first, `${cluster.name}: its manager has the command.`, principal),
      );
      return true;
    }
    const again = { id, OR: [{ status: { in: [...ACTIVE_COMMAND] } }, expiredUnseen(now)] };
    return (await tx.command.count({ where: again })) === 1;
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
    const ended = commandEnded(report.status);
    if (ended) await skipSteps(tx, [command.id], report.statusReason ?? 'The command ended before.', now);
    await tx.command.update({
      where: { id: command.id },
      data: {
        status: report.status,
        statusReason: report.statusReason,
        managerWaits: ended ? null : report.waitingFor,
        reportSequence: report.sequence,
        deliveredAt: command.deliveredAt ?? now,
        startedAt:
          command.startedAt ?? (report.status === 'RUNNING' || report.status === 'SUCCEEDED' ? now : null),
        finishedAt: ended ? now : null,
      },
    });
    const told =
      report.status !== command.status ||
      report.statusReason !== command.statusReason ||
      report.waitingFor !== command.managerWaits;
    if (told) {
      const why = report.statusReason ?? report.waitingFor;
      const what = report.status === command.status ? report.status : `${command.status} → ${report.status}`;
      record(
        commandEvent(
          'COMMAND_CHANGED',
          command,
          [`${cluster.name}: ${what}.`, why].filter(Boolean).join(' '),
          principal,
        ),
      );
    }
    if (report.status !== command.status) {
      await lockOperation(tx, command.operationId);
      await refreshOperation(deps, tx, record, command.operationId);
    }
    return { applied: true, sequence: report.sequence };
  });
}

/** Ends the commands that were not begun in their time. */
export async function expireCommands(deps: Deps): Promise<void> {
  const now = deps.clock.now();
  const overdue = {
    status: { in: ['PENDING' as const, 'ACCEPTED' as const] },
    startedAt: null,
    expiresAt: { lt: now },
  };
  const late = await deps.prisma.command.findMany({ where: overdue, select: { id: true } });
  if (late.length === 0) return;
  await change(deps, async (tx, record) => {
    await lockCommands(tx, { ids: late.map(({ id }) => id) });
    const expired = await tx.command.updateManyAndReturn({
      where: overdue,
      // A manager that has it and has not begun is told in the same words as by an abort: do not begin.
      data: {
        abortRequested: true,
        status: 'EXPIRED',
        statusReason: 'No manager began it in time.',
        finishedAt: now,
        managerWaits: null,
      },
    });
    await skipSteps(
      tx,
      expired.map(({ id }) => id),
      'The command expired.',
      now,
    );
    record(
      ...expired.map((command) =>
        commandEvent('COMMAND_ABORT_REQUESTED', command, 'EXPIRED: no manager began it in time.'),
      ),
    );
    for (const id of [...new Set(expired.map(({ operationId }) => operationId))].sort()) {
      await lockOperation(tx, id);
      await refreshOperation(deps, tx, record, id);
    }
  });
}
