import type { ClusterChoice, Role } from '../../access/grants.ts';
import { isOverAll, type Principal } from '../../access/principal.ts';
import { clustersChosen, demandRole, type Visibility } from '../../access/visibility.ts';
import { AppError } from '../../platform/errors.ts';
import type { Transaction } from '../../platform/event-log.ts';
import { Prisma, type PrismaClient } from '../../platform/generated/prisma/client.ts';

/*
 * Rows that are about a choice of clusters: freezes, maintenance windows, approval rules. They hold for the clusters that have
 * the names or labels at the time, so that a label that changes counts at once.
 */
export type ChoiceTable = 'freeze' | 'maintenance_window' | 'approval_rule';

/** The choice of clusters as a row has it; null: the whole system. */
export const choiceOf = ({ clusters }: { clusters: unknown }): ClusterChoice | null =>
  clusters as ClusterChoice | null;

/** A choice of clusters as a row keeps it. */
export const stored = (clusters: ClusterChoice | null) =>
  clusters === null ? Prisma.DbNull : (structuredClone(clusters) as unknown as Prisma.InputJsonObject);

/**
 * @throws AppError FORBIDDEN unless the principal has the role over all clusters that the choice takes. What takes none
 *   yet, or names one that does not exist, is for who has it over the whole system, clusters that are to come among it.
 */
export async function demandRoleOverChoice(
  tx: Transaction,
  principal: Principal,
  role: Role,
  choice: ClusterChoice | null,
): Promise<void> {
  if (isOverAll(principal, role)) return;
  const taken =
    choice &&
    (await tx.cluster.findMany({ where: clustersChosen([choice]), select: { id: true, name: true } }));
  const names = new Set(taken?.map(({ name }) => name));
  if (!taken || taken.length === 0 || choice.names.some((name) => !names.has(name)))
    throw new AppError('FORBIDDEN', `This needs the role ${role} over the whole system.`);
  await demandRole(
    tx,
    principal,
    role,
    taken.map(({ id }) => id),
  );
}

/** The ids of a table's rows that hold for a cluster that is seen and, where one is named, for that one. */
export async function idsConcerning(
  prisma: PrismaClient | Transaction,
  table: ChoiceTable,
  seen: Visibility,
  clusterId: string | null,
): Promise<string[]> {
  const conditions = [...seen.sql, ...(clusterId === null ? [] : [Prisma.sql`c.id = ${clusterId}`])];
  const also = conditions.map((condition) => Prisma.sql`AND ${condition}`);
  const rows = await prisma.$queryRaw<{ id: string }[]>`
    SELECT r.id FROM ${Prisma.raw(`"${table}"`)} AS r WHERE EXISTS (
      SELECT 1 FROM cluster AS c WHERE (
        r.clusters IS NULL
        OR jsonb_exists(r.clusters->'names', c.name)
        OR (jsonb_array_length(r.clusters->'labels') > 0 AND NOT EXISTS (
          SELECT 1 FROM jsonb_to_recordset(r.clusters->'labels') AS w(key text, value text)
          WHERE NOT EXISTS (
            SELECT 1 FROM cluster_label AS l
            WHERE l.cluster_id = c.id AND l.key = w.key AND l.value = w.value
          )
        ))
      ) ${Prisma.join([Prisma.empty, ...also], ' ')}
    )`;
  return rows.map(({ id }) => id);
}

/** Rows that one is shown: who sees all clusters sees also those that hold for none yet. */
export async function seenRows(
  prisma: PrismaClient | Transaction,
  table: ChoiceTable,
  seen: Visibility,
  clusterId: string | null = null,
): Promise<{ id?: { in: string[] } }> {
  if (seen.all && clusterId === null) return {};
  return { id: { in: await idsConcerning(prisma, table, seen, clusterId) } };
}

/** In words, for histories. */
export const inWords = (choice: ClusterChoice | null): string =>
  choice === null
    ? 'the whole system'
    : [...choice.names, ...choice.labels.map(({ key, value }) => `${key}=${value}`)].join(', ');
