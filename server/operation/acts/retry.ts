import { randomUUID } from 'node:crypto';
import type { Deps } from '../../deps.ts';
import type { Caller } from '../../access/principal.ts';
import { conflict } from '../../platform/errors.ts';
import { Prisma } from '../../platform/generated/prisma/client.ts';
import type { CommandModel, OperationModel } from '../../platform/generated/prisma/models.ts';
import type { Transaction } from '../../platform/event-log.ts';
import { commandEvent, countMoves } from '../progress.ts';
import { actOn, type ActRequest } from './scope.ts';

const RETRIED = ['FAILED', 'REFUSED', 'EXPIRED', 'ABORTED'] as const;

/**
 * Does once more what did not succeed: each command in the scope that has ended so is replaced by another attempt with
 * the nodes that did not succeed and were not left out on purpose. An operation that has ended goes on by it; what it was told to end with is forgotten.
 * @throws AppError as {@link actOn}, but not for an operation that has ended; CONFLICT when nothing of it has failed.
 */
export const retryOperation = (deps: Deps, caller: Caller, request: ActRequest): Promise<OperationModel> =>
  actOn(
    deps,
    caller,
    'retryOperation',
    request,
    async (tx, { operation, scope, where, named, actor }) => {
      const failed = await tx.command.findMany({
        where: {
          AND: [where],
          status: { in: [...RETRIED] },
          steps: {
            some: {
              status: { not: 'SUCCEEDED' },
              ...(scope.nodeId === null ? { skipRequested: false } : { nodeId: scope.nodeId }),
            },
          },
        },
      });
      if (failed.length === 0) throw conflict('Nothing of it has failed.');
      const attempts = failed.map((command) => ({ before: command, id: randomUUID() }));
      await replace(tx, attempts, scope.nodeId);
      await reopen(tx, operation.id, [...new Set(failed.map(({ waveId }) => waveId))]);
      const what = named === null ? 'What failed is tried again' : `${named} is tried again`;
      return [
        {
          kind: 'OPERATION_CHANGED',
          operationId: operation.id,
          actor: actor.name,
          summary: [
            `${what}: ${failed.length === 1 ? '1 command' : `${failed.length} commands`}.`,
            request.reason,
          ]
            .filter(Boolean)
            .join(' '),
        },
        ...attempts.map(({ id, before }) =>
          commandEvent('COMMAND_CHANGED', { ...before, id }, `Attempt ${before.attempt + 1}.`, actor),
        ),
      ];
    },
    { afterEnd: true },
  );

/** In a number of statements that does not grow with the attempts. */
async function replace(
  tx: Transaction,
  attempts: readonly { before: CommandModel; id: string }[],
  nodeId: string | null,
): Promise<void> {
  const pairs = JSON.stringify(attempts.map(({ before, id }) => ({ before: before.id, id })));
  await tx.command.updateMany({
    where: { id: { in: attempts.map(({ before }) => before.id) } },
    data: { current: false },
  });
  await tx.$executeRaw`
    INSERT INTO command (id, operation_id, cluster_id, wave_id, attempt, position, kind, mode, rolling, status)
    SELECT p.id, c.operation_id, c.cluster_id, c.wave_id, c.attempt + 1, c.position, c.kind, c.mode, c.rolling, 'PLANNED'
    FROM jsonb_to_recordset(${pairs}::jsonb) AS p(before text, id text) JOIN command c ON c.id = p.before`;
  const only = nodeId === null ? Prisma.empty : Prisma.sql`AND s.node_id = ${nodeId}`;
  await tx.$executeRaw`
    INSERT INTO step (id, command_id, node_id, node_name, batch, position, status, output)
    SELECT gen_random_uuid()::text, p.id, s.node_id, s.node_name, s.batch, s.position, 'PENDING', '{}'
    FROM jsonb_to_recordset(${pairs}::jsonb) AS p(before text, id text)
    JOIN step s ON s.command_id = p.before AND s.status <> 'SUCCEEDED' ${only}`;
  await countMoves(
    tx,
    attempts.map(({ before: { waveId, status } }) => ({ waveId, from: status, to: 'PLANNED' })),
  );
}

/** Waves that had ended have their turn once more; an operation that had ended goes on. */
async function reopen(tx: Transaction, operationId: string, waveIds: string[]): Promise<void> {
  await tx.wave.updateMany({
    where: { id: { in: waveIds }, status: { in: ['SUCCEEDED', 'FAILED', 'ABORTED'] } },
    data: { status: 'PENDING', statusReason: null, finishedAt: null, soakUntil: null },
  });
  await tx.wave.updateMany({
    where: { id: { in: waveIds }, status: 'SOAKING' },
    data: { status: 'RUNNING', soakUntil: null },
  });
  await tx.operation.update({
    where: { id: operationId },
    data: { abortRequestedAt: null, status: 'RUNNING', finishedAt: null },
  });
}
