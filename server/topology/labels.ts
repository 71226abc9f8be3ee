import type { Prisma, PrismaClient } from '../platform/generated/prisma/client.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { Label } from '../access/grants.ts';
import { conflict } from '../platform/errors.ts';

/**
 * Puts the cluster's labels in place of those it had. Those that an enrolment token put there stay; `bound` are such.
 * Answers whether they are others.
 * @throws AppError CONFLICT when one has another value than the same one that stays.
 */
export async function replaceLabels(
  tx: Transaction,
  clusterId: string,
  labels: readonly Label[],
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
  const removed = before.filter(
    ({ key, value }) => !after.some((label) => label.key === key && label.value === value),
  );
  await tx.formerLabel.createMany({
    data: removed.map(({ key, value }) => ({ clusterId, key, value })),
    skipDuplicates: true,
  });
  await tx.clusterLabel.deleteMany({ where: { clusterId } });
  await tx.clusterLabel.createMany({ data: after.map((label) => ({ clusterId, ...label })) });
  return true;
}

/** The same for the same labels in whatever order. */
const inWords = (labels: readonly Label[]): string =>
  JSON.stringify(labels.map(({ key, value }) => [key, value]).sort(([a], [b]) => (a! < b! ? -1 : 1)));

const FACETS = 50;

/** The commonest keys and of each the commonest values: key by key, so that no answer grows with the clusters. */
export async function labelFacets(prisma: PrismaClient, where: Prisma.ClusterWhereInput) {
  const keys = await prisma.clusterLabel.groupBy({
    by: ['key'],
    where: { cluster: where },
    orderBy: [{ _count: { key: 'desc' } }, { key: 'asc' }],
    take: FACETS,
  });
  const facets: { key: string; values: { value: string; count: number }[] }[] = [];
  // In turn: all at once would take every connection from the others.
  for (const { key } of keys) {
    const values = await prisma.clusterLabel.groupBy({
      by: ['value'],
      where: { key, cluster: where },
      _count: true,
      orderBy: [{ _count: { value: 'desc' } }, { value: 'asc' }],
      take: FACETS,
    });
    facets.push({ key, values: values.map(({ value, _count }) => ({ value, count: _count })) });
  }
  return facets;
}
