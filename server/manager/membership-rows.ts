import type { Transaction } from '../platform/event-log.ts';
import type { MembershipReport, ReportedChange } from './membership.ts';

/** A report that is to be applied. At most one of each cluster in a statement. */
export interface AcceptedReport extends Pick<MembershipReport, 'kind' | 'nodes' | 'left'> {
  clusterId: string;
}

/**
 * Writes the nodes that are new or differ from what is known, and returns those. The others are only read. Nobody else
 * writes nodes of these clusters: their rows are locked.
 */
export async function writeNodes(
  tx: Transaction,
  reports: readonly AcceptedReport[],
  now: Date,
): Promise<ReportedChange[]> {
  const told = reports.flatMap(({ clusterId, nodes }) => nodes.map((node) => ({ clusterId, ...node })));
  // One value, not one a column of each row: what the driver does for a cell is more than the database's work.
  const [row] = await tx.$queryRaw<[{ changes: ReportedChange[] }]>`
    WITH differing AS MATERIALIZED (
      SELECT r.*, n.id, n.status AS before
      FROM json_to_recordset(${JSON.stringify(told)}::json) AS r("clusterId" text, name text,
        status "ReportedStatus", "statusReason" text, role text, host text, zone text, version text, os text, pid int,
        address text, "cpuCount" int, "memoryTotal" float8, "startedAt" timestamptz(3), restarts int, labels jsonb,
        "consoleUrl" text, "lastOutput" text[])
      LEFT JOIN node AS n ON n.cluster_id = r."clusterId" AND n.name = r.name
      WHERE n.id IS NULL
        OR (n.status, n.status_reason, n.role, n.host, n.zone, n.version, n.os, n.pid, n.address, n.cpu_count,
          n.memory_total, n.started_at, n.restarts, n.labels, n.console_url, n.last_output)
        IS DISTINCT FROM (r.status, r."statusReason", r.role, r.host, r.zone, r.version, r.os, r.pid, r.address,
          r."cpuCount", r."memoryTotal", r."startedAt", r.restarts, r.labels, r."consoleUrl", r."lastOutput")
    ), changed AS (
      UPDATE node AS n SET status = r.status, status_reason = r."statusReason", reported_at = ${now},
        status_since = CASE WHEN n.status = r.status THEN n.status_since ELSE ${now} END,
        joined_at = CASE WHEN n.status = 'LEFT' THEN ${now} ELSE n.joined_at END,
        left_at = NULL, role = r.role, host = r.host, zone = r.zone, version = r.version, os = r.os, pid = r.pid,
        address = r.address, cpu_count = r."cpuCount", memory_total = r."memoryTotal", started_at = r."startedAt",
        restarts = r.restarts, labels = r.labels, console_url = r."consoleUrl", last_output = r."lastOutput"
      FROM differing AS r WHERE n.id = r.id
      RETURNING n.id, n.cluster_id, n.name, n.status, n.status_reason, r.before
    ), joined AS (
      INSERT INTO node (id, cluster_id, name, status, status_reason, status_since, reported_at, role, host, zone,
        version, os, pid, address, cpu_count, memory_total, started_at, restarts, labels, console_url, last_output,
        joined_at)
      SELECT gen_random_uuid()::text, r."clusterId", r.name, r.status, r."statusReason", ${now}::timestamptz,
        ${now}::timestamptz, r.role, r.host, r.zone, r.version, r.os, r.pid, r.address, r."cpuCount", r."memoryTotal",
        r."startedAt", r.restarts, r.labels, r."consoleUrl", r."lastOutput", ${now}::timestamptz
      FROM differing AS r WHERE r.id IS NULL
      RETURNING id, cluster_id, name, status, status_reason, NULL::"ReportedStatus" AS before
    )
    SELECT coalesce(json_agg(json_build_object('id', id, 'clusterId', cluster_id, 'name', name, 'status', status,
      'statusReason', status_reason, 'before', before) ORDER BY cluster_id, name), '[]') AS changes
    FROM (SELECT * FROM changed UNION ALL SELECT * FROM joined) AS written`;
  return row.changes;
}

/** Marks as left the nodes that reports name so and those that SNAPSHOTs do not name at all, and returns those. */
export async function removeNodes(
  tx: Transaction,
  reports: readonly AcceptedReport[],
  now: Date,
): Promise<ReportedChange[]> {
  const told = reports.flatMap(({ clusterId, left }) => left.map((node) => ({ clusterId, ...node })));
  const snapshots = reports
    .filter(({ kind }) => kind === 'SNAPSHOT')
    .map(({ clusterId, nodes, left }) => ({ clusterId, names: [...nodes, ...left].map(({ name }) => name) }));
  if (told.length === 0 && snapshots.length === 0) return [];
  return tx.$queryRaw<ReportedChange[]>`
    WITH snapshot AS MATERIALIZED (
      SELECT * FROM json_to_recordset(${JSON.stringify(snapshots)}::json) AS s("clusterId" text, names text[])
    ), named AS MATERIALIZED (
      SELECT s."clusterId", unnest(s.names) AS name FROM snapshot AS s
    ), gone AS (
      SELECT n.id, n.status AS before, l.reason
      FROM json_to_recordset(${JSON.stringify(told)}::json) AS l("clusterId" text, name text, reason text)
      JOIN node AS n ON n.cluster_id = l."clusterId" AND n.name = l.name AND n.status <> 'LEFT'
      UNION ALL
      SELECT n.id, n.status, 'It is no longer among the nodes that its manager sees.'
      FROM snapshot AS s JOIN node AS n ON n.cluster_id = s."clusterId" AND n.status <> 'LEFT'
      WHERE NOT EXISTS (SELECT 1 FROM named WHERE named."clusterId" = n.cluster_id AND named.name = n.name)
    )
    UPDATE node SET status = 'LEFT', status_reason = g.reason, status_since = ${now}, reported_at = ${now}, left_at = ${now}
    FROM gone AS g
    WHERE node.id = g.id
    RETURNING node.id, node.cluster_id AS "clusterId", node.name, node.status, node.status_reason AS "statusReason",
      g.before`;
}
