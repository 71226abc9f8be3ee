import type { ReportedStatus } from '../platform/generated/prisma/enums.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { MembershipReport, NodeAfter, ReportingCluster } from './membership.ts';

/** A report that is to be applied. At most one of each cluster in a statement. */
export interface AcceptedReport extends Pick<MembershipReport, 'kind' | 'nodes' | 'left'> {
  clusterId: string;
}

export interface WrittenNode extends NodeAfter {
  /** Its status before; null: it is new. */
  before: ReportedStatus | null;
}

/**
 * Locks the clusters' rows until the transaction ends, always in the same order, and reads them. What is counted of
 * their nodes is read from the same rows: other tables are read as they were before the wait for the locks.
 */
export const lockClusters = (tx: Transaction, ids: readonly string[]): Promise<ReportingCluster[]> =>
  tx.$queryRaw<ReportingCluster[]>`
    SELECT id, name, primary_id AS "primaryId", epoch, membership_sequence AS "membershipSequence",
      down + unhealthy + stopping + starting + stopped + running AS "nodeTotal"
    FROM cluster WHERE id = ANY(${ids}) ORDER BY id FOR NO KEY UPDATE`;

/**
 * Writes the nodes that are new or differ from what is known, and returns those. The others are only read: taking
 * part in an ON CONFLICT, even one that writes nothing, would lock, and so write, their rows.
 */
export const writeNodes = (
  tx: Transaction,
  reports: readonly AcceptedReport[],
  now: Date,
): Promise<WrittenNode[]> =>
  // LIMIT 1: the planner takes the index, whatever number of nodes it expects of the JSON.
  tx.$queryRaw<WrittenNode[]>`
    WITH differing AS MATERIALIZED (
      SELECT c."clusterId" AS cluster_id, r.*, n.status AS before
      FROM jsonb_to_recordset(${JSON.stringify(reports)}::jsonb) AS c("clusterId" text, nodes jsonb)
      CROSS JOIN jsonb_to_recordset(c.nodes) AS r(name text, status "ReportedStatus",
        "statusReason" text, role text, host text, zone text, version text, os text, pid int, address text,
        "cpuCount" int, "memoryTotal" float8, "startedAt" timestamptz(3), restarts int, labels jsonb,
        "consoleUrl" text, "lastOutput" text[])
      LEFT JOIN LATERAL (
        SELECT * FROM node WHERE node.cluster_id = c."clusterId" AND node.name = r.name LIMIT 1
      ) AS n ON true
      WHERE n.id IS NULL
        OR (n.status, n.status_reason, n.role, n.host, n.zone, n.version, n.os, n.pid, n.address, n.cpu_count,
          n.memory_total, n.started_at, n.restarts, n.labels, n.console_url, n.last_output)
        IS DISTINCT FROM (r.status, r."statusReason", r.role, r.host, r.zone, r.version, r.os, r.pid, r.address,
          r."cpuCount", r."memoryTotal", r."startedAt", r.restarts, r.labels, r."consoleUrl", r."lastOutput")
    ), written AS (
      INSERT INTO node AS n (id, cluster_id, name, status, status_reason, status_since, reported_at, role, host, zone,
        version, os, pid, address, cpu_count, memory_total, started_at, restarts, labels, console_url, last_output,
        joined_at)
      SELECT gen_random_uuid()::text, r.cluster_id, r.name, r.status, r."statusReason", ${now}::timestamptz,
        ${now}::timestamptz, r.role, r.host, r.zone, r.version, r.os, r.pid, r.address, r."cpuCount", r."memoryTotal",
        r."startedAt", r.restarts, r.labels, r."consoleUrl", r."lastOutput", ${now}::timestamptz
      FROM differing AS r
      ON CONFLICT (cluster_id, name) DO UPDATE SET
        status = excluded.status, status_reason = excluded.status_reason, reported_at = excluded.reported_at,
        status_since = CASE WHEN n.status = excluded.status THEN n.status_since ELSE excluded.status_since END,
        joined_at = CASE WHEN n.status = 'LEFT' THEN excluded.joined_at ELSE n.joined_at END,
        left_at = NULL, role = excluded.role, host = excluded.host, zone = excluded.zone, version = excluded.version,
        os = excluded.os, pid = excluded.pid, address = excluded.address, cpu_count = excluded.cpu_count,
        memory_total = excluded.memory_total, started_at = excluded.started_at, restarts = excluded.restarts,
        labels = excluded.labels, console_url = excluded.console_url, last_output = excluded.last_output
      RETURNING id, cluster_id, name, status, status_reason
    )
    SELECT w.id, w.cluster_id AS "clusterId", w.name, w.status, w.status_reason AS "statusReason", d.before
    FROM written AS w JOIN differing AS d USING (cluster_id, name)
    ORDER BY w.cluster_id, w.name`;

/** Marks as left the nodes that reports name so and those that SNAPSHOTs do not name at all, and returns those. */
export async function removeNodes(
  tx: Transaction,
  reports: readonly AcceptedReport[],
  now: Date,
): Promise<NodeAfter[]> {
  const told = reports.flatMap(({ clusterId, left }) => left.map((node) => ({ clusterId, ...node })));
  const snapshots = reports
    .filter(({ kind }) => kind === 'SNAPSHOT')
    .map(({ clusterId, nodes, left }) => ({ clusterId, names: [...nodes, ...left].map(({ name }) => name) }));
  if (told.length === 0 && snapshots.length === 0) return [];
  return tx.$queryRaw<NodeAfter[]>`
    WITH snapshot AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(snapshots)}::jsonb) AS s("clusterId" text, names text[])
    ), named AS MATERIALIZED (
      SELECT s."clusterId", unnest(s.names) AS name FROM snapshot AS s
    ), gone AS (
      SELECT l."clusterId", l.name, l.reason
      FROM jsonb_to_recordset(${JSON.stringify(told)}::jsonb) AS l("clusterId" text, name text, reason text)
      UNION ALL
      SELECT n.cluster_id, n.name, 'It is no longer among the nodes that its manager sees.'
      FROM snapshot AS s JOIN node AS n ON n.cluster_id = s."clusterId" AND n.status <> 'LEFT'
      WHERE NOT EXISTS (SELECT 1 FROM named WHERE named."clusterId" = n.cluster_id AND named.name = n.name)
    )
    UPDATE node SET status = 'LEFT', status_reason = g.reason, status_since = ${now}, reported_at = ${now}, left_at = ${now}
    FROM gone AS g
    WHERE node.cluster_id = g."clusterId" AND node.name = g.name AND node.status <> 'LEFT'
    RETURNING node.id, node.cluster_id AS "clusterId", node.name, node.status, node.status_reason AS "statusReason"`;
}
