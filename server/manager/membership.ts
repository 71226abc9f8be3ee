import { AppError, conflict, invalid } from '../platform/errors.ts';
import { change, type NewEvent, type Transaction } from '../platform/event-log.ts';
import type { Deps } from '../graphql/context.ts';
import type { ReportedStatus } from '../platform/generated/prisma/enums.ts';
import { refreshCluster, type ClusterRow } from '../topology/service.ts';
import { lockCluster, type ManagerPrincipal } from './session.ts';

export interface ReportedNode {
  name: string;
  status: Exclude<ReportedStatus, 'LEFT'>;
  [fact: string]: unknown;
}

export interface MembershipReport {
  epoch: number;
  sequence: number;
  kind: 'SNAPSHOT' | 'DELTA';
  nodes: ReportedNode[];
  left: { name: string; reason: string | null }[];
}

interface NodeBefore {
  name: string;
  status: ReportedStatus;
}
interface NodeAfter {
  id: string;
  name: string;
  status: ReportedStatus;
  status_reason: string | null;
}

/**
 * What a cluster's primary says of its nodes. Applied once, in a number of statements that does not grow with the
 * nodes; only nodes that differ are written and told.
 * @returns applied: false for a report that was applied before.
 * @throws AppError CONFLICT for a stale epoch (`epoch`) or a DELTA out of sequence (`expectedSequence`); INVALID for
 *   a report that contradicts itself, and for an empty SNAPSHOT of a cluster that has nodes.
 */
export async function reportMembership(deps: Deps, principal: ManagerPrincipal, report: MembershipReport) {
  checkReport(report);
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    const cluster = await lockCluster(tx, principal.clusterId);
    checkEpoch(cluster, principal, report.epoch);
    const expected = cluster.membershipSequence + 1;
    if (report.sequence < expected) return { applied: false, sequence: cluster.membershipSequence };
    if (report.kind === 'DELTA' && (expected === 1 || report.sequence !== expected)) {
      const why = expected === 1 ? 'No SNAPSHOT was reported under this epoch' : `Report ${expected} is next`;
      throw conflict(`${why}, not DELTA ${report.sequence}: send a SNAPSHOT.`, {
        field: 'input.sequence',
        expectedSequence: expected,
      });
    }
    await apply(tx, record, cluster, report, now);
    await tx.cluster.update({ where: { id: cluster.id }, data: { membershipSequence: report.sequence } });
    const { event } = await refreshCluster(tx, cluster.id, now);
    if (event) record(event);
    return { applied: true, sequence: report.sequence };
  });
}

/** @throws AppError CONFLICT when the manager is not, or no longer, the primary of that epoch. */
export function checkEpoch(cluster: ClusterRow, principal: ManagerPrincipal, epoch: number): void {
  if (cluster.primaryId === principal.managerId && cluster.epoch === epoch) return;
  throw new AppError('CONFLICT', `Epoch ${epoch} is over: ${cluster.name} is at epoch ${cluster.epoch}.`, {
    field: 'input.epoch',
    epoch: cluster.epoch,
  });
}

function checkReport({ kind, nodes, left }: MembershipReport): void {
  const names = [...nodes, ...left].map(({ name }) => name);
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) throw invalid('input.nodes', `${twice} is named twice`);
  if (kind === 'SNAPSHOT' && left.length > 0)
    throw invalid('input.left', 'a SNAPSHOT names those that are there only');
}

async function apply(
  tx: Transaction,
  record: (...events: NewEvent[]) => void,
  cluster: ClusterRow,
  { kind, nodes, left }: MembershipReport,
  now: Date,
): Promise<void> {
  const names = nodes.map(({ name }) => name);
  const present = new Set(names);
  const before = new Map(
    (
      await tx.node.findMany({
        where: { clusterId: cluster.id, ...(kind === 'DELTA' && { name: { in: names } }) },
        select: { name: true, status: true },
      })
    ).map((node): [string, NodeBefore] => [node.name, node]),
  );
  if (
    kind === 'SNAPSHOT' &&
    nodes.length === 0 &&
    [...before.values()].some(({ status }) => status !== 'LEFT')
  ) {
    throw invalid(
      'input.nodes',
      'an empty SNAPSHOT is not taken as "all nodes left": report them in a DELTA as left',
    );
  }
  for (const node of await upsertNodes(tx, cluster.id, nodes, now))
    record(nodeEvent(cluster, before.get(node.name), node));
  const gone =
    kind === 'DELTA'
      ? left
      : [...before.values()]
          .filter(({ name, status }) => status !== 'LEFT' && !present.has(name))
          .map(({ name }) => ({ name, reason: 'It is no longer among the nodes that its manager sees.' }));
  for (const node of await removeNodes(tx, cluster.id, gone, now)) {
    record({
      kind: 'NODE_LEFT',
      clusterId: cluster.id,
      nodeId: node.id,
      summary: [`${node.name} left ${cluster.name}.`, node.status_reason].filter(Boolean).join(' '),
    });
  }
}

function nodeEvent(cluster: ClusterRow, before: NodeBefore | undefined, after: NodeAfter): NewEvent {
  const why = after.status_reason ? ` ${after.status_reason}` : '';
  const ids = { clusterId: cluster.id, nodeId: after.id };
  if (!before || before.status === 'LEFT') {
    return {
      kind: 'NODE_JOINED',
      ...ids,
      summary: `${after.name} joined ${cluster.name}: ${after.status}.${why}`,
    };
  }
  const what = before.status === after.status ? 'told news of itself' : `${before.status} → ${after.status}`;
  return { kind: 'NODE_CHANGED', ...ids, summary: `${after.name}: ${what}.${why}` };
}

/** Writes the nodes that are new or differ from what is known, and returns those. */
function upsertNodes(
  tx: Transaction,
  clusterId: string,
  nodes: readonly ReportedNode[],
  now: Date,
): Promise<NodeAfter[]> {
  return tx.$queryRaw<NodeAfter[]>`
    INSERT INTO node AS n (id, cluster_id, name, status, status_reason, status_since, reported_at, role, host, zone,
      version, os, pid, address, cpu_count, memory_total, started_at, restarts, labels, console_url, last_output, joined_at)
    SELECT gen_random_uuid()::text, ${clusterId}, r.name, r.status, r."statusReason", ${now}, ${now}, r.role, r.host,
      r.zone, r.version, r.os, r.pid, r.address, r."cpuCount", r."memoryTotal", r."startedAt", r.restarts, r.labels,
      r."consoleUrl", r."lastOutput", ${now}
    FROM jsonb_to_recordset(${JSON.stringify(nodes)}::jsonb) AS r(name text, status "ReportedStatus",
      "statusReason" text, role text, host text, zone text, version text, os text, pid int, address text,
      "cpuCount" int, "memoryTotal" float8, "startedAt" timestamptz(3), restarts int, labels jsonb,
      "consoleUrl" text, "lastOutput" text[])
    ORDER BY r.name
    ON CONFLICT (cluster_id, name) DO UPDATE SET
      status = excluded.status, status_reason = excluded.status_reason, reported_at = excluded.reported_at,
      status_since = CASE WHEN n.status = excluded.status THEN n.status_since ELSE excluded.status_since END,
      joined_at = CASE WHEN n.status = 'LEFT' THEN excluded.joined_at ELSE n.joined_at END,
      left_at = NULL, role = excluded.role, host = excluded.host, zone = excluded.zone, version = excluded.version,
      os = excluded.os, pid = excluded.pid, address = excluded.address, cpu_count = excluded.cpu_count,
      memory_total = excluded.memory_total, started_at = excluded.started_at, restarts = excluded.restarts,
      labels = excluded.labels, console_url = excluded.console_url, last_output = excluded.last_output
    WHERE (n.status, n.status_reason, n.role, n.host, n.zone, n.version, n.os, n.pid, n.address, n.cpu_count,
        n.memory_total, n.started_at, n.restarts, n.labels, n.console_url, n.last_output)
      IS DISTINCT FROM (excluded.status, excluded.status_reason, excluded.role, excluded.host, excluded.zone,
        excluded.version, excluded.os, excluded.pid, excluded.address, excluded.cpu_count, excluded.memory_total,
        excluded.started_at, excluded.restarts, excluded.labels, excluded.console_url, excluded.last_output)
    RETURNING id, name, status, status_reason`;
}

function removeNodes(
  tx: Transaction,
  clusterId: string,
  gone: readonly { name: string; reason: string | null }[],
  now: Date,
): Promise<NodeAfter[]> | [] {
  if (gone.length === 0) return [];
  return tx.$queryRaw<NodeAfter[]>`
    UPDATE node SET status = 'LEFT', status_reason = g.reason, status_since = ${now}, reported_at = ${now}, left_at = ${now}
    FROM jsonb_to_recordset(${JSON.stringify(gone)}::jsonb) AS g(name text, reason text)
    WHERE node.cluster_id = ${clusterId} AND node.name = g.name AND node.status <> 'LEFT'
    RETURNING node.id, node.name, node.status, node.status_reason`;
}
