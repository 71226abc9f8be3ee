import { grantsOf, type Principal } from '../access/principal.ts';
import { hasRoleOverAll } from '../access/grants.ts';
import { demandRole, visibilityOf, type Visibility } from '../access/visibility.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { Prisma, PrismaClient } from '../platform/generated/prisma/client.ts';
import type { CommandStatus, OperationStatus } from '../platform/generated/prisma/enums.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import { ACTIVE_COMMAND, countsFrom, FAILED_COMMAND, operationEnded, operationStatus } from './state.ts';

/*
 * An operation that spans clusters of which one sees only some is to one as if it were for those alone: their commands,
 * steps and history, counts of these, and the status that follows from these. Who started it, when and why is the same
 * for all. Only who may operate all of its clusters may abort it.
 */

/** @throws AppError FORBIDDEN unless the principal may operate every cluster of the operation. */
export async function demandRoleOverOperation(
  prisma: PrismaClient | Transaction,
  principal: Principal,
  operationId: string,
): Promise<void> {
  if (hasRoleOverAll(grantsOf(principal), 'OPERATOR')) return;
  const commands = await prisma.command.findMany({ where: { operationId }, select: { clusterId: true } });
  await demandRole(
    prisma,
    principal,
    'OPERATOR',
    commands.map(({ clusterId }) => clusterId),
  );
}

/** What of an operation follows from its commands. */
export type VisiblePart = Pick<OperationModel, 'status' | 'startedAt' | 'finishedAt'> & {
  statusReason: string | null;
};

/** That of operations as one sees it who does not see all clusters. Two queries, however many. */
export async function visibleParts(
  prisma: PrismaClient,
  seen: Visibility,
  ids: readonly string[],
): Promise<Map<string, VisiblePart>> {
  const operations = await prisma.operation.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, abortRequestedAt: true, pausedAt: true },
  });
  const groups = await prisma.command.groupBy({
    by: ['operationId', 'status'],
    where: { operationId: { in: [...ids] }, current: true, ...seen.ofCluster },
    _count: true,
    _min: { startedAt: true },
    _max: { finishedAt: true },
  });
  return new Map(
    operations.map(({ id, abortRequestedAt, pausedAt }) => {
      const own = groups.filter(({ operationId }) => operationId === id);
      const counts = Object.fromEntries(own.map(({ status, _count }) => [status, _count]));
      const { status, reason } = operationStatus({
        counts: countsFrom(counts),
        wavesOpen: false,
        paused: pausedAt !== null,
        abortRequested: abortRequestedAt !== null,
      });
      const startedAt = firstOf(own.map(({ _min }) => _min.startedAt));
      const finishedAt = lastOf(own.map(({ _max }) => _max.finishedAt));
      return [
        id,
        { status, statusReason: reason, startedAt, finishedAt: operationEnded(status) ? finishedAt : null },
      ];
    }),
  );
}

const inOrder = (times: readonly (Date | null)[]): Date[] =>
  times.filter((time) => time !== null).sort((a, b) => a.getTime() - b.getTime());
const firstOf = (times: readonly (Date | null)[]): Date | null => inOrder(times)[0] ?? null;
const lastOf = (times: readonly (Date | null)[]): Date | null => inOrder(times).at(-1) ?? null;

/** Which of these operations one may abort. */
export async function operableAmong(
  prisma: PrismaClient,
  principal: Principal,
  ids: readonly string[],
): Promise<Set<string>> {
  const { all, clusters } = visibilityOf(principal, 'OPERATOR');
  if (all) return new Set(ids);
  const rows = await prisma.operation.findMany({
    where: { id: { in: [...ids] }, commands: { every: { cluster: clusters } } },
    select: { id: true },
  });
  return new Set(rows.map(({ id }) => id));
}

/** Operations that have one of these statuses as one sees them. */
export function withStatus(
  statuses: readonly OperationStatus[],
  seen: Visibility,
): Prisma.OperationWhereInput {
  if (seen.all) return { status: { in: [...statuses] } };
  const some = (...status: CommandStatus[]) => ({
    commands: { some: { status: { in: status }, current: true, ...seen.ofCluster } },
  });
  const none = (...status: CommandStatus[]) => ({ NOT: some(...status) });
  const begun = {
    commands: {
      some: { status: { notIn: ['PLANNED' as const, 'PENDING' as const] }, current: true, ...seen.ofCluster },
    },
  };
  const open = some('PLANNED', ...ACTIVE_COMMAND);
  const going = { AND: [open, { abortRequestedAt: null }, { pausedAt: null }] };
  // As operationStatus() decides.
  const where: Record<OperationStatus, Prisma.OperationWhereInput> = {
    ABORTING: { AND: [open, { abortRequestedAt: { not: null } }] },
    PAUSED: { AND: [open, { abortRequestedAt: null }, { pausedAt: { not: null } }] },
    PENDING: { AND: [going, { NOT: begun }] },
    RUNNING: { AND: [going, begun] },
    SUCCEEDED: { AND: [{ NOT: open }, none(...FAILED_COMMAND, 'ABORTED'), some('SUCCEEDED')] },
    FAILED: { AND: [{ NOT: open }, some(...FAILED_COMMAND)] },
    ABORTED: { AND: [{ NOT: open }, none(...FAILED_COMMAND), { OR: [some('ABORTED'), none('SUCCEEDED')] }] },
  };
  return { AND: [seen.operations, { OR: statuses.map((status) => where[status]) }] };
}
