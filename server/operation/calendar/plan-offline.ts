import { recordAudit } from '../../access/audit/record.ts';
import type { AuditTarget } from '../../access/audit/chain.ts';
import { nameOf, type Caller, type Principal } from '../../access/principal.ts';
import { demandRole, visibilityOf } from '../../access/visibility.ts';
import type { Deps } from '../../deps.ts';
import { invalid, notFound } from '../../platform/errors.ts';
import { change, type Transaction } from '../../platform/event-log.ts';
import type { PlannedOfflineModel } from '../../platform/generated/prisma/models.ts';
import { lockCluster } from '../../topology/lock.ts';

const YEAR_MS = 366 * 86_400_000;

/** Exactly one of both. */
export interface OfflineTarget {
  clusterId: string | null;
  nodeId: string | null;
}

/**
 * Says that a cluster or a node will be away from now on until a time. Said again it takes the place of the other.
 * @throws AppError INVALID for a return that is past or more than a year ahead; NOT_FOUND; FORBIDDEN unless the actor may
 *   operate the cluster
 */
export async function planOffline(
  deps: Deps,
  caller: Caller,
  { target, reason, returnsAt }: { target: OfflineTarget; reason: string; returnsAt: Date },
): Promise<PlannedOfflineModel> {
  const now = deps.clock.now();
  if (returnsAt <= now) throw invalid('input.returnsAt', 'is past');
  if (returnsAt.getTime() > now.getTime() + YEAR_MS)
    throw invalid('input.returnsAt', 'is more than a year ahead');
  return change(deps, async (tx, record) => {
    const { name, place, audited } = await placeOf(tx, caller.principal, target);
    const createdBy = nameOf(caller.principal);
    await tx.plannedOffline.deleteMany({ where: place });
    const row = await tx.plannedOffline.create({
      data: { ...place, reason, returnsAt, createdAt: now, createdBy },
    });
    const summary = `${name} is planned to be offline until ${returnsAt.toISOString()}: ${reason}`;
    record({ kind: 'POLICY_CHANGED', ...idsOf(place), actor: createdBy, summary });
    const detail = { returnsAt: returnsAt.toISOString() };
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'planOffline',
      reason,
      targets: audited,
      result: 'DONE',
      detail,
    });
    return row;
  });
}

/** Ends it before its time. @throws AppError NOT_FOUND, also where nothing is planned; FORBIDDEN as it is for planning it */
export async function endPlannedOffline(
  deps: Deps,
  caller: Caller,
  { target, reason }: { target: OfflineTarget; reason: string | null },
): Promise<PlannedOfflineModel> {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    const { id, name, place, audited } = await placeOf(tx, caller.principal, target);
    const row = await tx.plannedOffline.findFirst({ where: { ...place, returnsAt: { gt: now } } });
    if (!row) throw notFound('planned offline', id, 'input.target');
    const ended = await tx.plannedOffline.update({ where: { id: row.id }, data: { returnsAt: now } });
    const summary = [`${name} is no longer planned to be offline.`, reason].filter(Boolean).join(' ');
    record({ kind: 'POLICY_CHANGED', ...idsOf(place), actor: nameOf(caller.principal), summary });
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'endPlannedOffline',
      reason,
      targets: audited,
      result: 'DONE',
    });
    return ended;
  });
}

interface Place {
  clusterId: string;
  nodeId: string | null;
}

/** As an event names it. */
const idsOf = ({ clusterId, nodeId }: Place) => ({ clusterId, ...(nodeId !== null && { nodeId }) });

/** What the target is, with its cluster locked. */
async function placeOf(
  tx: Transaction,
  principal: Principal,
  { clusterId, nodeId }: OfflineTarget,
): Promise<{
  id: string;
  name: string;
  place: Place;
  audited: AuditTarget[];
}> {
  const seen = visibilityOf(principal);
  if (nodeId !== null) {
    const node = await tx.node.findFirst({ where: { id: nodeId, ...seen.ofCluster } });
    if (!node) throw notFound('node', nodeId, 'input.target.nodeId');
    await demandRole(tx, principal, 'OPERATOR', [node.clusterId]);
    await lockCluster(tx, node.clusterId);
    const { name } = node;
    const place = { clusterId: node.clusterId, nodeId };
    return { id: nodeId, name, place, audited: [{ type: 'Node', id: nodeId, name }] };
  }
  const id = clusterId ?? '';
  const cluster = await tx.cluster.findFirst({ where: { AND: [{ id }, seen.clusters] } });
  if (!cluster) throw notFound('cluster', id, 'input.target.clusterId');
  await demandRole(tx, principal, 'OPERATOR', [id]);
  const { name } = await lockCluster(tx, id);
  return { id, name, place: { clusterId: id, nodeId: null }, audited: [{ type: 'Cluster', id, name }] };
}
