import type { Sql } from '../platform/database/sql-transaction.ts';
import type { ReportedStatus } from '../platform/generated/prisma/enums.ts';
import { GONE } from './known-nodes.ts';
import type { MembershipReport, ReportedChange, ReportedNode } from './membership.ts';

/** Rows are not what this server knew of them. */
export class StaleKnowledgeError extends Error {}

/** What became of the row of a node that was told. */
export interface WrittenNode {
  id: string;
  /** Null: it is new. */
  before: ReportedStatus | null;
  /** False: the row said so already. */
  differs: boolean;
}

/**
 * Writes the nodes that are new or differ from what their rows hold. The others are only read. Nobody else writes nodes
 * of these clusters: their rows are locked.
 * @param told each node once
 * @returns of each of `told`, in its order
 */
export async function writeNodes(
  sql: Sql,
  told: readonly (ReportedNode & { clusterId: string })[],
  now: Date,
): Promise<WrittenNode[]> {
  if (told.length === 0) return [];
  const nodes = JSON.stringify(told.map((node, index) => ({ index, ...node })));
  // One value, not one a column of each row: what the driver does for a cell is more than the database's work.
  const [row] = await sql.$queryRaw<[{ written: [ReportedStatus | null, string, boolean][] }]>`
    WITH told AS MATERIALIZED (
      SELECT r.*, coalesce(n.id, gen_random_uuid()::text) AS id, n.status AS before,
        (n.status, n.status_reason, n.role, n.host, n.zone, n.version, n.os, n.pid, n.address, n.cpu_count,
          n.memory_total, n.started_at, n.restarts, n.labels, n.console_url, n.last_output)
        IS DISTINCT FROM (r.status, r."statusReason", r.role, r.host, r.zone, r.version, r.os, r.pid, r.address,
          r."cpuCount", r."memoryTotal", r."startedAt", r.restarts, r.labels, r."consoleUrl", r."lastOutput") AS differs
      FROM json_to_recordset(${nodes}::json) AS r(index int, "clusterId" text, name text, status "ReportedStatus",
        "statusReason" text, role text, host text, zone text, version text, os text, pid int, address text,
        "cpuCount" int, "memoryTotal" float8, "startedAt" timestamptz(3), restarts int, labels jsonb,
        "consoleUrl" text, "lastOutput" text[])
      LEFT JOIN node AS n ON n.cluster_id = r."clusterId" AND n.name = r.name
    ), changed AS (
      UPDATE node AS n SET status = r.status, status_reason = r."statusReason", reported_at = ${now},
        status_since = CASE WHEN n.status = r.status THEN n.status_since ELSE ${now} END,
        joined_at = CASE WHEN n.status = 'LEFT' THEN ${now} ELSE n.joined_at END,
        left_at = NULL, role = r.role, host = r.host, zone = r.zone, version = r.version, os = r.os, pid = r.pid,
        address = r.address, cpu_count = r."cpuCount", memory_total = r."memoryTotal", started_at = r."startedAt",
        restarts = r.restarts, labels = r.labels, console_url = r."consoleUrl", last_output = r."lastOutput"
      FROM told AS r WHERE r.differs AND r.before IS NOT NULL AND n.id = r.id
    ), joined AS (
      INSERT INTO node (id, cluster_id, name, status, status_reason, status_since, reported_at, role, host, zone,
        version, os, pid, address, cpu_count, memory_total, started_at, restarts, labels, console_url, last_output,
        joined_at)
      SELECT r.id, r."clusterId", r.name, r.status, r."statusReason", ${now}::timestamptz, ${now}::timestamptz, r.role,
        r.host, r.zone, r.version, r.os, r.pid, r.address, r."cpuCount", r."memoryTotal", r."startedAt", r.restarts,
        r.labels, r."consoleUrl", r."lastOutput", ${now}::timestamptz
      FROM told AS r WHERE r.before IS NULL
    )
    SELECT json_agg(json_build_array(before, id, differs) ORDER BY index) AS written FROM told`;
  return row.written.map(([before, id, differs]) => ({ id, before, differs }));
}

/**
 * Writes statuses of nodes whose rows are known, those that leave too.
 * @throws StaleKnowledgeError when they are not there
 */
export async function writeStatuses(sql: Sql, changes: readonly ReportedChange[], now: Date): Promise<void> {
  if (changes.length === 0) return;
  const rows = JSON.stringify(changes.map(({ id, status, statusReason }) => ({ id, status, statusReason })));
  const written = await sql.$executeRaw`
    UPDATE node AS n SET status = r.status, status_reason = r."statusReason", reported_at = ${now},
      status_since = CASE WHEN n.status = r.status THEN n.status_since ELSE ${now} END,
      left_at = CASE WHEN r.status = 'LEFT' THEN ${now}::timestamptz END
    FROM json_to_recordset(${rows}::json) AS r(id text, status "ReportedStatus", "statusReason" text)
    WHERE n.id = r.id`;
  if (written !== changes.length) throw new StaleKnowledgeError('Nodes that were known are not there.');
}

/** Marks as left the nodes that reports name so and those that SNAPSHOTs do not name at all, and returns those. */
export async function removeNodes(
  sql: Sql,
  reports: readonly (Pick<MembershipReport, 'kind' | 'nodes' | 'left'> & { clusterId: string })[],
  now: Date,
): Promise<ReportedChange[]> {
  const told = reports.flatMap(({ clusterId, left }) => left.map((node) => ({ clusterId, ...node })));
  const snapshots = reports
    .filter(({ kind }) => kind === 'SNAPSHOT')
    .map(({ clusterId, nodes, left }) => ({ clusterId, names: [...nodes, ...left].map(({ name }) => name) }));
  if (told.length === 0 && snapshots.length === 0) return [];
  return sql.$queryRaw<ReportedChange[]>`
    WITH snapshot AS MATERIALIZED (
      SELECT * FROM json_to_recordset(${JSON.stringify(snapshots)}::json) AS s("clusterId" text, names text[])
    ), named AS MATERIALIZED (
      SELECT s."clusterId", unnest(s.names) AS name FROM snapshot AS s
    ), gone AS (
      SELECT n.id, n.status AS before, l.reason
      FROM json_to_recordset(${JSON.stringify(told)}::json) AS l("clusterId" text, name text, reason text)
      JOIN node AS n ON n.cluster_id = l."clusterId" AND n.name = l.name AND n.status <> 'LEFT'
      UNION ALL
      SELECT n.id, n.status, ${GONE}
      FROM snapshot AS s JOIN node AS n ON n.cluster_id = s."clusterId" AND n.status <> 'LEFT'
      WHERE NOT EXISTS (SELECT 1 FROM named WHERE named."clusterId" = n.cluster_id AND named.name = n.name)
    )
    UPDATE node SET status = 'LEFT', status_reason = g.reason, status_since = ${now}, reported_at = ${now}, left_at = ${now}
    FROM gone AS g
    WHERE node.id = g.id
    RETURNING node.id, node.cluster_id AS "clusterId", node.name, node.status, node.status_reason AS "statusReason",
      g.before`;
}
