import { available, batchWidth, type InventoryNode } from './batches.ts';
import type { InventoryCluster, PlanRequest } from './planned.ts';
import type { RollingLimits, RollingStrategy } from './strategy.ts';

/** What to know of one cluster before an operation is started. Nothing of it keeps it from being started. */
export function warningsFor(
  { kind, rolling }: PlanRequest,
  cluster: InventoryCluster,
  limits: RollingLimits | null,
  batches: readonly InventoryNode[][],
): string[] {
  const nodes = batches.flat();
  const present = cluster.nodes.filter(({ status }) => status !== 'LEFT' && status !== 'STOPPED');
  return [
    ...ofCluster(cluster),
    ...ofStopped(kind, nodes),
    ...ofCapacity(nodes, present, batches, limits),
    ...(rolling && limits ? ofRolling(rolling, limits, nodes, present) : []),
  ].map((warning) => `${cluster.name}: ${warning}`);
}

function ofCluster({ link, busyWith }: InventoryCluster): string[] {
  const warnings: string[] = [];
  if (link === 'SILENT')
    warnings.push('no primary manager is heard. The command waits until one is, or expires.');
  if (busyWith) warnings.push(`${busyWith} runs first.`);
  return warnings;
}

function ofStopped(kind: PlanRequest['kind'], nodes: readonly InventoryNode[]): string[] {
  const stopped = nodes.filter(({ status }) => status === 'STOPPED');
  if (kind === 'SHUTDOWN' || kind === 'START' || stopped.length === 0) return [];
  return [`${names(stopped)} stopped on purpose; this starts ${stopped.length > 1 ? 'them' : 'it'}.`];
}

/** Whether so many are away at once that the cluster does not serve, or that a majority is lost. */
function ofCapacity(
  nodes: readonly InventoryNode[],
  present: readonly InventoryNode[],
  batches: readonly InventoryNode[][],
  limits: RollingLimits | null,
): string[] {
  const hit = nodes.filter(available).length;
  if (!limits && hit > 0 && hit === present.length) {
    const all = hit === 1 ? 'all of its one running node' : `all ${hit} running nodes`;
    return [`${all} at once: it does not serve meanwhile.`];
  }
  const most = Math.max(0, ...batches.map((batch) => batch.filter(available).length));
  const running = present.filter(available).length;
  if (present.length < 3 || most === 0 || most >= present.length) return [];
  const left = running - most;
  if (left > present.length / 2) return [];
  return [`${left} of ${present.length} nodes ${left === 1 ? 'is' : 'are'} left meanwhile: no majority.`];
}

function ofRolling(
  { byZone, lastRoles }: RollingStrategy,
  limits: RollingLimits,
  nodes: readonly InventoryNode[],
  present: readonly InventoryNode[],
): string[] {
  const { maxUnavailable, batchSize } = limits;
  const warnings: string[] = [];
  if (maxUnavailable >= present.length && present.length > 0)
    warnings.push(`max unavailable ${maxUnavailable} is all of its nodes.`);
  if (batchSize > maxUnavailable)
    warnings.push(`batches of ${batchWidth(limits)}, because no more may be unavailable at once.`);
  const others = present.filter((node) => !available(node) && !nodes.includes(node));
  if (others.length >= maxUnavailable)
    warnings.push(`${names(others)} not running already: the first batch waits for that.`);
  const unplaced = nodes.filter(({ zone }) => zone === null);
  if (byZone && unplaced.length > 0)
    warnings.push(`${names(unplaced)} without a zone: done after all others.`);
  if (lastRoles.length > 0 && !nodes.some(({ role }) => role !== null && lastRoles.includes(role)))
    warnings.push(`no node has the role ${lastRoles.join(' or ')}: none is kept for the end.`);
  return warnings;
}

function names(nodes: readonly InventoryNode[]): string {
  const shown = nodes
    .slice(0, 3)
    .map(({ name }) => name)
    .join(', ');
  const more = nodes.length > 3 ? ` and ${nodes.length - 3} more` : '';
  return `${shown}${more} ${nodes.length > 1 ? 'are' : 'is'}`;
}
