import { AppError } from '../platform/errors.ts';
import type { Transaction } from '../platform/event-log.ts';
import { Prisma, type PrismaClient } from '../platform/generated/prisma/client.ts';
import { clustersWith, type ClusterChoice, type Role } from './grants.ts';
import { grantsOf, type Principal } from './principal.ts';

/**
 * Which clusters a principal has a role over, as conditions for the database: it knows the names and labels of now, so
 * a label that changes counts at once. Whoever has the role over the whole system gets no condition at all, and pays
 * for none. Everything that is read of clusters and what belongs to them is read through this, so what one may not see
 * is to one as if it did not exist.
 */
export interface Visibility {
  /** The whole system: the conditions are empty. */
  readonly all: boolean;
  /** Of a cluster. */
  readonly clusters: Prisma.ClusterWhereInput;
  /** Of a cluster that is seen, or may have been by labels that it had. */
  readonly onceSeen: Prisma.ClusterWhereInput;
  /** Of a row that belongs to a cluster: a node, a manager, a command, an event. */
  readonly ofCluster: { cluster?: Prisma.ClusterWhereInput };
  /** Of an operation: one of its commands is for a cluster that is seen. */
  readonly operations: Pick<Prisma.OperationWhereInput, 'commands'>;
  /** Of a cluster that a statement calls `c`: a list for `AND`. */
  readonly sql: readonly Prisma.Sql[];
}

const ALL: Visibility = {
  all: true,
  clusters: {},
  onceSeen: {},
  ofCluster: {},
  operations: {},
  sql: [],
};

/** What the principal sees or, with another role than VIEWER, may act on: managers see their own cluster, and no more. */
export function visibilityOf(principal: Principal, role: Role = 'VIEWER'): Visibility {
  if (principal.kind === 'manager') {
    if (role !== 'VIEWER') return NOTHING;
    const { clusterId } = principal;
    return limitedTo({ id: clusterId }, Prisma.sql`c.id = ${clusterId}`);
  }
  const choices = clustersWith(grantsOf(principal), role);
  if (choices === null) return ALL;
  const some = choices.flatMap(partsOf);
  if (some.length === 0) return NOTHING;
  const sql = Prisma.sql`(${Prisma.join(
    some.map((part) => part.sql),
    ' OR ',
  )})`;
  const onceSeen = { OR: some.map((part) => part.once) };
  return limitedTo({ OR: some.map(({ where }) => where) }, sql, onceSeen);
}

function limitedTo(clusters: Prisma.ClusterWhereInput, sql: Prisma.Sql, onceSeen = clusters): Visibility {
  return {
    all: false,
    clusters,
    onceSeen,
    ofCluster: { cluster: clusters },
    operations: { commands: { some: { cluster: clusters } } },
    sql: [sql],
  };
}

const NOTHING = limitedTo({ id: { in: [] } }, Prisma.sql`false`);

interface Part {
  where: Prisma.ClusterWhereInput;
  once: Prisma.ClusterWhereInput;
  sql: Prisma.Sql;
}

function partsOf({ names, labels }: ClusterChoice): Part[] {
  const parts: Part[] = [];
  if (names.length > 0) {
    const where = { name: { in: names } };
    parts.push({ where, once: where, sql: Prisma.sql`c.name = ANY(${names}::text[])` });
  }
  if (labels.length > 0) {
    parts.push({
      where: { AND: labels.map(({ key, value }) => ({ labels: { some: { key, value } } })) },
      once: {
        AND: labels.map(({ key, value }) => ({
          OR: [{ labels: { some: { key, value } } }, { formerLabels: { some: { key, value } } }],
        })),
      },
      sql: Prisma.sql`(${Prisma.join(labels.map(hasLabel), ' AND ')})`,
    });
  }
  return parts;
}

/** The clusters that one of the choices takes; null: the whole system. */
export function clustersChosen(choices: readonly (ClusterChoice | null)[]): Prisma.ClusterWhereInput {
  const chosen = choices.filter((choice) => choice !== null);
  if (chosen.length < choices.length) return { id: { notIn: [] } };
  return { OR: chosen.flatMap(partsOf).map(({ where }) => where) };
}

/** Of a cluster that a statement calls `c`. */
export const hasLabel = ({ key, value }: { key: string; value: string }): Prisma.Sql =>
  Prisma.sql`EXISTS (SELECT 1 FROM cluster_label AS l WHERE l.cluster_id = c.id AND l.key = ${key} AND l.value = ${value})`;

/** Which of these clusters it has the role over. Asks the database only where that is not all of them. */
export async function clustersAmong(
  prisma: PrismaClient | Transaction,
  visibility: Visibility,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (visibility.all || ids.length === 0) return new Set(ids);
  const rows = await prisma.cluster.findMany({
    where: { AND: [{ id: { in: [...ids] } }, visibility.clusters] },
    select: { id: true },
  });
  return new Set(rows.map(({ id }) => id));
}

/** @throws AppError FORBIDDEN unless the principal has the role over each of these clusters. */
export async function demandRole(
  prisma: PrismaClient | Transaction,
  principal: Principal,
  role: Role,
  clusterIds: readonly string[],
): Promise<void> {
  const allowed = await clustersAmong(prisma, visibilityOf(principal, role), clusterIds);
  if (clusterIds.some((id) => !allowed.has(id))) {
    throw new AppError('FORBIDDEN', `This needs the role ${role} over each of its clusters.`);
  }
}
