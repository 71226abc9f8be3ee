import type { Deps } from '../deps.ts';
import { lockClusters } from '../topology/lock.ts';

/** Removed at once, with what belongs to them: an operation can have thousands of steps. */
const OPERATIONS = 5;
const NODES = 500;

/**
 * Removes operations that ended, and nodes that left, longer ago than `keepMs`: with their commands and steps, and their
 * metrics. What is said of them in the event log has its own retention.
 * @returns whether there may be more
 */
export async function forgetEnded(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  keepMs: number,
): Promise<boolean> {
  const before = { lt: new Date(clock.now().getTime() - keepMs) };
  const operations = await prisma.operation.findMany({
    // Ended is what counts; when it was begun is what there is an index for.
    where: { createdAt: before, finishedAt: before },
    orderBy: { createdAt: 'asc' },
    take: OPERATIONS,
    select: { id: true },
  });
  await prisma.operation.deleteMany({ where: { id: { in: operations.map(({ id }) => id) } } });

  // A command that has not ended still needs its nodes.
  const gone = {
    ...{ status: 'LEFT' as const, leftAt: before },
    steps: { none: { command: { finishedAt: null } } },
  };
  const nodes = await prisma.node.findMany({
    where: gone,
    take: NODES,
    select: { id: true, clusterId: true },
  });
  await prisma.$transaction(async (tx) => {
    // One that joins again is not taken away in the middle of it.
    await lockClusters(tx, [...new Set(nodes.map(({ clusterId }) => clusterId))]);
    await tx.node.deleteMany({ where: { id: { in: nodes.map(({ id }) => id) }, ...gone } });
  });
  return operations.length === OPERATIONS || nodes.length === NODES;
}
