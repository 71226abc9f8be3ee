import type { Visibility } from '../access/visibility.ts';
import { Prisma, type PrismaClient } from '../platform/generated/prisma/client.ts';

export interface Metric {
  name: string;
  value: number;
  at: Date;
}

/** Which nodes: all parts that are set count. */
export interface MetricScope {
  clusterId: string | null;
  nodeIds: readonly string[] | null;
}

export interface NodeMetrics {
  nodeId: string;
  metrics: Metric[];
}

/**
 * The newest value of each metric of each node within the scope that is seen, by node and name.
 *
 * @param since a snapshot of the database (see feed.ts): only what it does not hold yet.
 */
export async function latestMetrics(
  prisma: PrismaClient,
  seen: Visibility,
  { clusterId, nodeIds }: MetricScope,
  since: string | null = null,
): Promise<NodeMetrics[]> {
  const rows = await prisma.$queryRaw<(Metric & { nodeId: string })[]>`
    SELECT m.node_id AS "nodeId", m.name, m.value, m.at
    FROM node_metric AS m JOIN node AS n ON n.id = m.node_id
    WHERE (${clusterId}::text IS NULL OR n.cluster_id = ${clusterId})
      AND (${nodeIds}::text[] IS NULL OR m.node_id = ANY(${nodeIds}))
      AND (${since}::pg_snapshot IS NULL OR m.written >= pg_snapshot_xmin(${since}::pg_snapshot)
        AND NOT pg_visible_in_snapshot(m.written, ${since}::pg_snapshot))
      ${ofSeenCluster(seen)}
    ORDER BY m.node_id, m.name`;
  return byNode(rows);
}

const ofSeenCluster = ({ sql }: Visibility): Prisma.Sql =>
  sql.length === 0
    ? Prisma.empty
    : Prisma.sql`AND EXISTS (SELECT 1 FROM cluster AS c WHERE c.id = n.cluster_id AND ${Prisma.join([...sql], ' AND ')})`;

/** Rows that are sorted by node, together for each. */
function byNode(rows: readonly (Metric & { nodeId: string })[]): NodeMetrics[] {
  const nodes: NodeMetrics[] = [];
  for (const { nodeId, ...metric } of rows) {
    const last = nodes.at(-1);
    if (last?.nodeId === nodeId) last.metrics.push(metric);
    else nodes.push({ nodeId, metrics: [metric] });
  }
  return nodes;
}
