import { createHash } from 'node:crypto';
import { idOf, type Principal } from '../access/principal.ts';
import { conflict } from '../platform/errors.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import type { StartRequest } from './request.ts';
import { demandRoleOverOperation } from './visible.ts';

/** SHA-256 of what was asked for, without its key: the same for the same request, whatever the order of its targets. */
export const requestHash = ({
  operation,
  planDigest,
  startsAt,
  startsOn,
  overrideReason,
  reason,
  revertsId,
}: StartRequest): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        operation.kind,
        operation.mode,
        operation.rollout,
        operation.rolling,
        operation.lateness === 'WINDOW' ? 'WINDOW' : operation.expiresInSeconds,
        [...operation.targets.clusterIds].sort(),
        [...operation.targets.nodeIds].sort(),
        operation.targets.clusters,
        operation.targets.selection,
        operation.savedStrategy,
        planDigest,
        startsAt,
        overrideReason,
        reason,
        revertsId,
        ...(startsOn ? [startsOn.schedule, startsOn.timeZone] : []),
      ]),
    )
    .digest('hex');

/**
 * What the key has started before; null: nothing.
 * @throws AppError CONFLICT when that was asked for otherwise; FORBIDDEN for who may not operate it any more
 */
export async function operationByKey(
  prisma: Transaction | PrismaClient,
  actor: Principal,
  idempotencyKey: string,
  hash: string,
): Promise<OperationModel | null> {
  const earlier = await prisma.operation.findUnique({
    where: { startedBy_idempotencyKey: { startedBy: idOf(actor), idempotencyKey } },
  });
  if (!earlier) return null;
  if (earlier.requestHash !== hash) {
    throw conflict('This key has started another operation.', { field: 'input.idempotencyKey' });
  }
  await demandRoleOverOperation(prisma, actor, earlier.id);
  return earlier;
}
