import type { Deps } from '../../deps.ts';
import type { Caller } from '../../access/principal.ts';
import { conflict } from '../../platform/errors.ts';
import type { NewEvent, Transaction } from '../../platform/event-log.ts';
import type { OperationModel } from '../../platform/generated/prisma/models.ts';
import { countsOf } from '../progress.ts';
import { commandEnded, FAILED_COMMAND, OPEN_STEP, sumOf, waveEnded } from '../state.ts';
import { tellActive } from '../wishes.ts';
import { actOn, type ActRequest, type Ground } from './scope.ts';

/**
 * Holds an operation or a part of it: nothing more of it is issued, and managers begin no further batch. A node that is
 * paused holds its batch.
 * @throws AppError as {@link actOn}; CONFLICT when that part has ended or was begun already.
 */
export const pauseOperation = (deps: Deps, caller: Caller, request: ActRequest): Promise<OperationModel> =>
  actOn(deps, caller, 'pauseOperation', request, async (tx, ground) => {
    const { actor, now } = ground;
    const pauseReason = [`By ${actor.name}.`, request.reason].filter(Boolean).join(' ');
    return (await hold(tx, ground, now, pauseReason)) ? told(tx, ground, 'Paused', request.reason) : [];
  });

/**
 * Lets go what was held on the same level. Failures that have paused it count no more.
 * @throws AppError as {@link actOn}
 */
export const resumeOperation = (deps: Deps, caller: Caller, request: ActRequest): Promise<OperationModel> =>
  actOn(deps, caller, 'resumeOperation', request, async (tx, ground) => {
    if (!(await hold(tx, ground, null, null))) return [];
    if (ground.named === null) await forgive(tx, ground);
    return told(tx, ground, 'Resumed', request.reason);
  });

/** Writes the pause, or its end, where it belongs. Answers whether anything is other than before. */
async function hold(
  tx: Transaction,
  { operation, wave, scope, where }: Ground,
  pausedAt: Date | null,
  pauseReason: string | null,
): Promise<boolean> {
  const data = { pausedAt, pauseReason };
  const other = pausedAt ? null : { not: null };
  if (wave) {
    if (pausedAt && waveEnded(wave.status)) throw conflict(`The wave has ended: ${wave.status}.`);
    return (await tx.wave.updateMany({ where: { id: wave.id, pausedAt: other }, data })).count > 0;
  }
  if (scope.clusterId !== null) {
    const [command] = await tx.command.findMany({ where });
    if (pausedAt && command && commandEnded(command.status))
      throw conflict(`The command has ended: ${command.status}.`);
    return (await tx.command.updateMany({ where: { AND: [where], pausedAt: other }, data })).count > 0;
  }
  if (scope.nodeId !== null) {
    const mine = { nodeId: scope.nodeId, command: where };
    const open = await tx.step.count({ where: { ...mine, status: { in: ['PENDING', 'WAITING'] } } });
    if (pausedAt && open === 0) throw conflict('The node’s turn has begun already.');
    const steps = { ...mine, pausedAt: other, status: { in: [...OPEN_STEP] } };
    return (await tx.step.updateMany({ where: steps, data: { pausedAt } })).count > 0;
  }
  return (await tx.operation.updateMany({ where: { id: operation.id, pausedAt: other }, data })).count > 0;
}

/** Whoever resumes has seen what failed: the budgets of the waves that are on grow by it. */
async function forgive(tx: Transaction, { operation }: Ground): Promise<void> {
  const waves = await tx.wave.findMany({
    where: { operationId: operation.id, status: { in: ['RUNNING', 'SOAKING'] } },
  });
  for (const wave of waves) {
    const failureBudget = sumOf(countsOf(wave), FAILED_COMMAND);
    if (failureBudget > wave.failureBudget)
      await tx.wave.update({ where: { id: wave.id }, data: { failureBudget } });
  }
}

async function told(
  tx: Transaction,
  { operation, named, where, actor }: Ground,
  done: 'Paused' | 'Resumed',
  reason: string | null,
): Promise<NewEvent[]> {
  const summary = [named === null ? `${done}.` : `${done}: ${named}.`, reason].filter(Boolean).join(' ');
  return [
    { kind: 'OPERATION_CHANGED', operationId: operation.id, actor: actor.name, summary },
    ...(await tellActive(tx, where, summary, actor)),
  ];
}
