import type { Deps } from '../deps.ts';
import type { ManagerPrincipal } from '../access/principal.ts';
import type { CommandModel } from '../platform/generated/prisma/models.ts';
import type { CommandStatus } from '../platform/generated/prisma/enums.ts';
import { invalid, notFound } from '../platform/errors.ts';
import { change, type EventWriterDeps, type Transaction } from '../platform/event-log.ts';
import { checkEpoch } from '../manager/membership.ts';
import { lockCluster } from '../topology/lock.ts';
import { replaceCommands, TO_DO } from './attempts.ts';
import { commandEvent, countMove, lockCommands, skipSteps } from './progress.ts';
import { giveUp } from './wishes.ts';
import { afterReport, commandEnded, takesReport } from './state.ts';
import { updateSteps, type StepReport } from './steps.ts';

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
 * What a manager has done of a command. State-based: a later report says all that an earlier one said.
 * @returns applied: false for a report that was applied before or whose command has ended.
 * @throws AppError NOT_FOUND for a command that is not of the manager's cluster; CONFLICT for a stale epoch; INVALID
 *   for a step that the command does not have, and for success where steps have not ended; UNAVAILABLE when too many
 *   reports of the cluster wait.
 */
export const reportCommand = (deps: Deps, principal: ManagerPrincipal, report: CommandReport) =>
  deps.reports.take(principal.clusterId, () => applyReport(deps, principal, report));

function applyReport(deps: Deps, principal: ManagerPrincipal, report: CommandReport) {
  const now = deps.clock.now();
  return change(deps, async (tx, record, atLast) => {
    const cluster = await lockCluster(tx, principal.clusterId);
    await lockCommands(tx, { ids: [report.commandId] });
    const command = await tx.command.findFirst({ where: { id: report.commandId, clusterId: cluster.id } });
    if (!command) throw notFound('command', report.commandId, 'input.commandId');
    checkEpoch(cluster, principal, report.epoch);
    if (!takesReport(command, report.status) || report.sequence <= command.reportSequence) {
      return { applied: false, sequence: command.reportSequence };
    }
    const next = rowAfter(command, report, now);
    const ended = commandEnded(report.status) && next.finishedAt !== null;
    let open = 0;
    let changed = 0;
    if (report.steps.length > 0 || ended) {
      const written = await updateSteps(tx, command, report.steps);
      record(...written.events);
      open = written.open;
      changed = written.events.length;
    }
    if (report.status === 'SUCCEEDED' && open > 0)
      throw invalid('input.status', `it has not succeeded: ${open} of its steps have not ended`);
    if (ended && open > 0)
      await skipSteps(tx, [command], report.statusReason ?? 'The command ended before.', now);
    await tx.command.update({ where: { id: command.id }, data: next });
    const told =
      next.status !== command.status ||
      next.statusReason !== command.statusReason ||
      next.managerWaits !== command.managerWaits ||
      // Of what was given up: that it was begun all the same, or how far.
      (next.status === 'EXPIRED' && (changed > 0 || command.startedAt === null));
    if (told) {
      const givenUp = next.status === 'EXPIRED';
      const why = (givenUp ? report.statusReason : next.statusReason) ?? next.managerWaits;
      const what = givenUp
        ? `given up, and ${report.status} all the same`
        : next.status === command.status
          ? next.status
          : `${command.status} → ${next.status}`;
      record(
        commandEvent(
          'COMMAND_CHANGED',
          command,
          [`${cluster.name}: ${what}.`, why].filter(Boolean).join(' '),
          principal,
        ),
      );
    }
    const again = await attemptAgain(tx, command, next.status);
    if (again)
      record(
        commandEvent(
          'COMMAND_CHANGED',
          again,
          `Attempt ${command.attempt + 1} waits for the next maintenance window.`,
        ),
      );
    const to = again ? 'PLANNED' : next.status;
    // A command in whose place another attempt stands is counted no more.
    if (to !== command.status && command.current)
      atLast(countMove({ waveId: command.waveId, from: command.status, to }));
    return { applied: true, sequence: report.sequence };
  });
}

/** What was taken back from its manager has another turn, as far as it was not done; null: it was not. */
async function attemptAgain(tx: Transaction, command: CommandModel, status: CommandStatus) {
  if (!command.takenBack || status !== 'ABORTED') return null;
  if ((await tx.step.count({ where: { commandId: command.id, ...TO_DO } })) === 0) return null;
  const [attempt] = await replaceCommands(tx, [command]);
  return { ...command, id: attempt!.id };
}

/**
 * What a command's row says after a report. A manager that is busy has not got it: it is asked again, unless the command
 * was to be aborted meanwhile.
 */
function rowAfter(command: CommandModel, report: CommandReport, now: Date) {
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
  const reported = busy ? 'ABORTED' : report.status;
  const status = afterReport(command.status, reported);
  const ended = commandEnded(status);
  const begun = reported === 'RUNNING' || reported === 'SUCCEEDED';
  if (status === 'EXPIRED') {
    const { finishedAt, managerWaits, notBefore, deliveredAt } = command;
    const startedAt = command.startedAt ?? (begun ? now : null);
    return {
      ...{ status, statusReason: command.statusReason, managerWaits, notBefore, reportSequence },
      ...{ deliveredAt, startedAt, finishedAt },
    };
  }
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
    record(...(await giveUp(tx, overdue, { why: 'No manager began it in time.', now })));
  });
}
