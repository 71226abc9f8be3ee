import type { ReportedStatus } from '../platform/generated/prisma/enums.ts';
import type { RollingLimits, RollingStrategy } from './strategy.ts';

export interface InventoryNode {
  id: string;
  name: string;
  /** As its manager reported it last. */
  status: ReportedStatus;
  zone: string | null;
  role: string | null;
  startedAt: Date | null;
}

export const byName = new Intl.Collator('en', { numeric: true });

export const available = ({ status }: InventoryNode): boolean => status === 'RUNNING';

/** A batch is never wider than what may be unavailable at once. */
export const batchWidth = ({ batchSize, maxUnavailable }: RollingLimits): number =>
  Math.min(batchSize, maxUnavailable);

/** What is done to one cluster at once, in turn. Nodes that do not run come first: they cost nothing. */
export function batchesOf(
  nodes: readonly InventoryNode[],
  rolling: RollingStrategy | null,
  limits: RollingLimits | null,
): InventoryNode[][] {
  const sorted = [...nodes].sort(
    (a, b) => inOrder(rolling, a, b) || byName.compare(a.name, b.name) || (a.id < b.id ? -1 : 1),
  );
  if (!rolling || !limits) return sorted.length > 0 ? [sorted] : [];
  const width = batchWidth(limits);
  const batches: InventoryNode[][] = [];
  for (const node of sorted) {
    const batch = batches.at(-1);
    if (batch && batch.length < width && goTogether(rolling, batch[0]!, node)) batch.push(node);
    else batches.push([node]);
  }
  return batches;
}

function inOrder(rolling: RollingStrategy | null, a: InventoryNode, b: InventoryNode): number {
  const running = Number(available(a)) - Number(available(b));
  if (!rolling) return running;
  const { byZone, order, lastRoles } = rolling;
  return (
    Number(isLast(lastRoles, a)) - Number(isLast(lastRoles, b)) ||
    (byZone ? byZoneName(a, b) : 0) ||
    running ||
    (order === 'ZONE' ? byZoneName(a, b) : 0) ||
    (order === 'OLDEST_FIRST' ? startOf(a) - startOf(b) : 0)
  );
}

const goTogether = ({ byZone, lastRoles }: RollingStrategy, a: InventoryNode, b: InventoryNode): boolean =>
  isLast(lastRoles, a) === isLast(lastRoles, b) && (!byZone || a.zone === b.zone);

const isLast = (lastRoles: readonly string[], { role }: InventoryNode): boolean =>
  role !== null && lastRoles.includes(role);
/** Nodes without a zone are together, after all others. */
const byZoneName = (a: InventoryNode, b: InventoryNode): number =>
  Number(a.zone === null) - Number(b.zone === null) || byName.compare(a.zone ?? '', b.zone ?? '');
/** Who does not say since when it runs comes last. A finite number: the difference of two infinities is none. */
const startOf = ({ startedAt }: InventoryNode): number => startedAt?.getTime() ?? Number.MAX_SAFE_INTEGER;
