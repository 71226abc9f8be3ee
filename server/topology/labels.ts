import { Prisma, type PrismaClient } from '../platform/generated/prisma/client.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { Label } from '../access/grants.ts';
import { conflict } from '../platform/errors.ts';
import { allOf } from './filter.ts';

/**
 * Puts the cluster's labels in place of those it had. Those that an enrolment token vouches for stay; `bound` are such.
 * Answers whether they are others.
 * @throws AppError CONFLICT when one has another value than the same one that stays.
 */
export async function replaceLabels(
  tx: Transaction,
  clusterId: string,
  labels: readonly Label[],
  now: Date,
  bound: readonly Label[] = [],
): Promise<boolean> {
  const before = await tx.clusterLabel.findMany({ where: { clusterId } });
  const staying = new Map(
    [...before.filter((label) => label.bound), ...bound].map(({ key, value }) => [key, value]),
  );
  for (const { key, value } of labels) {
    const kept = staying.get(key);
    if (kept === undefined || kept === value) continue;
    throw conflict(`The label ${key} of this cluster is ${kept}: an enrolment token says so.`, {
      field: 'input.cluster.labels',
    });
  }
  const after = [
    ...labels.filter(({ key }) => !staying.has(key)).map(({ key, value }) => ({ key, value, bound: false })),
    ...[...staying].map(([key, value]) => ({ key, value, bound: true })),
  ];
  if (inWords(before) === inWords(after)) return false;
  const removed = before
    .filter(({ key, value }) => !after.some((label) => label.key === key && label.value === value))
    .map(({ key, value }) => ({ clusterId, key, value }));
  // One that it had before that was removed again by now, and is remembered from now on.
  await tx.formerLabel.deleteMany({ where: { OR: removed } });
  await tx.formerLabel.createMany({ data: removed.map((label) => ({ ...label, removedAt: now })) });
  await tx.clusterLabel.deleteMany({ where: { clusterId } });
  await tx.clusterLabel.createMany({ data: after.map((label) => ({ clusterId, ...label })) });
  return true;
}

/** From now on an enrolment token vouches for these labels that the cluster has. */
export async function bindLabels(
  tx: Transaction,
  clusterId: string,
  labels: readonly Label[],
): Promise<void> {
  if (labels.length === 0) return;
  const those = labels.map(({ key, value }) => ({ key, value }));
  await tx.clusterLabel.updateMany({ where: { clusterId, OR: those }, data: { bound: true } });
}

/** What a server still has in memory it still tells: what the log has lost is remembered for so long, milliseconds. */
const MEMORY_MS = 24 * 3_600_000;

/**
 * Forgets the labels that clusters had before the oldest event of the log: whoever saw a cluster for one of them is too
 * far behind to go on, and begins with what is seen now.
 */
export async function forgetLabels(prisma: PrismaClient): Promise<void> {
  const oldest = await prisma.event.findFirst({ orderBy: { revision: 'asc' }, select: { at: true } });
  if (!oldest) return;
  const before = new Date(oldest.at.getTime() - MEMORY_MS);
  await prisma.formerLabel.deleteMany({ where: { removedAt: { lt: before } } });
}

/** The same for the same labels in whatever order. */
const inWords = (labels: readonly Label[]): string =>
  JSON.stringify(labels.map(({ key, value }) => [key, value]).sort(([a], [b]) => (a! < b! ? -1 : 1)));

const FACETS = 50;

/**
 * The commonest keys and of each the commonest values, in one statement, so that no answer grows with the clusters.
 * @param conditions of the clusters (`c`) that are counted.
 */
export async function labelFacets(prisma: PrismaClient, conditions: readonly Prisma.Sql[]) {
  const rows = await prisma.$queryRaw<{ key: string; value: string; count: number }[]>(Prisma.sql`
    WITH counted AS (
      SELECT l.key, l.value, count(*)::int AS count
      FROM cluster_label AS l JOIN cluster AS c ON c.id = l.cluster_id
      WHERE ${allOf(conditions)} GROUP BY l.key, l.value
    ), of_key AS (
      SELECT *, sum(count) OVER (PARTITION BY key) AS total,
        row_number() OVER (PARTITION BY key ORDER BY count DESC, value) AS place
      FROM counted
    ), ranked AS (SELECT *, dense_rank() OVER (ORDER BY total DESC, key) AS key_place FROM of_key)
    SELECT key, value, count FROM ranked WHERE key_place <= ${FACETS} AND place <= ${FACETS}
    ORDER BY key_place, place`);
  const facets = new Map<string, { value: string; count: number }[]>();
  for (const { key, value, count } of rows) facets.set(key, [...(facets.get(key) ?? []), { value, count }]);
  return [...facets].map(([key, values]) => ({ key, values }));
}
