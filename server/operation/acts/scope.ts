import type { Deps } from '../../deps.ts';
import { recordAudit } from '../../access/audit/record.ts';
import type { AuditTarget } from '../../access/audit/chain.ts';
import { hasRoleOverAll } from '../../access/grants.ts';
import { grantsOf, nameOf, type Caller } from '../../access/principal.ts';
import { demandRole, visibilityOf } from '../../access/visibility.ts';
import type { Prisma } from '../../platform/generated/prisma/client.ts';
import type { OperationModel, WaveModel } from '../../platform/generated/prisma/models.ts';
import { conflict, invalid, notFound } from '../../platform/errors.ts';
import { change, type NewEvent, type Transaction } from '../../platform/event-log.ts';
import { lockCommands, lockOperation, lockWaves } from '../progress.ts';
import { operationEnded } from '../state.ts';
import { takeTurnNow } from '../turn.ts';

/** Which part of an operation an act is about; all null: the whole of it. At most one is given. */
export interface Scope {
  /** Index of a wave. */
  wave: number | null;
  clusterId: string | null;
  nodeId: string | null;
}

export interface ActRequest {
  operationId: string;
  scope: Scope;
  reason: string | null;
}

/** What an act finds, locked. */
export interface Ground {
  operation: OperationModel;
  /** That of the scope, when it is a wave. */
  wave: WaveModel | null;
  scope: Scope;
  /** Its commands: those in the scope that no later attempt has replaced. */
  where: Prisma.CommandWhereInput;
  /** `Restart “…”`-like words are not repeated: what the scope is, e.g. `Wave “canary”`, or null for the whole. */
  named: string | null;
  actor: { name: string };
  now: Date;
}

/**
 * Does something to an operation or a part of it, in one transaction, and writes the audit entry.
 * @param work answers the events that tell it; none: there was nothing to do, and no entry is written.
 * @throws AppError NOT_FOUND for an operation or a part that is not there or not seen; FORBIDDEN unless the actor may
 *   operate all clusters of the scope; INVALID for a scope of two things; CONFLICT when the operation has ended.
 */
export async function actOn(
  deps: Deps,
  caller: Caller,
  action: string,
  { operationId, scope, reason }: ActRequest,
  work: (tx: Transaction, ground: Ground) => Promise<NewEvent[]>,
  { afterEnd = false } = {},
): Promise<OperationModel> {
  const now = deps.clock.now();
  if (Object.values(scope).filter((part) => part !== null).length > 1)
    throw invalid('input.scope', 'is about one thing: a wave, a cluster or a node');
  await change(deps, async (tx, record) => {
    const seen = await tx.operation.findUnique({
      where: { id: operationId, ...visibilityOf(caller.principal).operations },
    });
    if (!seen) throw notFound('operation', operationId, 'input.operationId');
    const where = within(operationId, scope);
    await demandRoleOver(tx, caller, where, scope);
    await lockCommands(tx, { operationId });
    const operation = (await lockOperation(tx, operationId))!;
    await lockWaves(tx, operationId);
    if (!afterEnd && operationEnded(operation.status))
      throw conflict(`The operation has ended: ${operation.status}.`);
    const { wave, named, target } = await nameOfScope(tx, operationId, scope);
    const actor = { name: nameOf(caller.principal) };
    const events = await work(tx, { operation, wave, scope, where, named, actor, now });
    record(...events);
    if (events.length > 0) {
      await recordAudit(tx, {
        ...caller,
        at: now,
        action,
        reason,
        targets: [{ type: 'Operation', id: operationId, name: operation.reason }, ...target],
        result: 'DONE',
      });
    }
  });
  return takeTurnNow(deps, operationId);
}

const within = (operationId: string, { wave, clusterId, nodeId }: Scope): Prisma.CommandWhereInput => ({
  operationId,
  current: true,
  ...(wave !== null && { wave: { index: wave } }),
  ...(clusterId !== null && { clusterId }),
  ...(nodeId !== null && { steps: { some: { nodeId } } }),
});

/** @throws AppError NOT_FOUND when nothing that one sees is in the scope; FORBIDDEN */
async function demandRoleOver(
  tx: Transaction,
  { principal }: Caller,
  where: Prisma.CommandWhereInput,
  scope: Scope,
): Promise<void> {
  const commands = await tx.command.findMany({
    where: { AND: [where], ...visibilityOf(principal).ofCluster },
    select: { clusterId: true },
  });
  if (commands.length === 0) {
    const [part, id] = Object.entries(scope).find(([, given]) => given !== null) ?? ['operation', ''];
    throw notFound(part.replace('Id', ''), String(id), `input.scope.${part}`);
  }
  if (hasRoleOverAll(grantsOf(principal), 'OPERATOR')) return;
  // Those that one does not see, too: a wave or an operation is for who may operate all of it.
  const all = await tx.command.findMany({ where, select: { clusterId: true } });
  await demandRole(
    tx,
    principal,
    'OPERATOR',
    all.map(({ clusterId }) => clusterId),
  );
}

async function nameOfScope(
  tx: Transaction,
  operationId: string,
  { wave: index, clusterId, nodeId }: Scope,
): Promise<{ wave: WaveModel | null; named: string | null; target: AuditTarget[] }> {
  if (index !== null) {
    const wave = await tx.wave.findUniqueOrThrow({ where: { operationId_index: { operationId, index } } });
    return { wave, named: `Wave “${wave.name}”`, target: [{ type: 'Wave', id: wave.id, name: wave.name }] };
  }
  if (clusterId !== null) {
    const { name } = await tx.cluster.findUniqueOrThrow({ where: { id: clusterId }, select: { name: true } });
    return { wave: null, named: name, target: [{ type: 'Cluster', id: clusterId, name }] };
  }
  if (nodeId !== null) {
    const { name } = await tx.node.findUniqueOrThrow({ where: { id: nodeId }, select: { name: true } });
    return { wave: null, named: name, target: [{ type: 'Node', id: nodeId, name }] };
  }
  return { wave: null, named: null, target: [] };
}
