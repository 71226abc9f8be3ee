import type { ControlLink } from '../platform/generated/prisma/enums.ts';
import type { Sql } from '../platform/database/sql-transaction.ts';
import type { NewEvent } from '../platform/event-log.ts';
import { tallyIn, type ClusterRow } from './service.ts';
import { COUNTED_STATUSES, COUNT_COLUMNS, clusterStatus } from './status.ts';
import type { Tally } from './tally.ts';

/** A cluster whose nodes or link changed, and what of its row is to be written. */
export interface TouchedCluster {
  /** As it is; its row is locked. */
  cluster: ClusterRow;
  link?: ControlLink;
  tally?: Tally;
  membershipSequence?: number;
  membershipMark?: string;
}

/**
 * Writes what changed of the clusters, their statuses with the reasons that follow from it and, where it is another
 * status, since when. To be called at the end of each transaction that changed clusters' nodes or links. One
 * statement, however many clusters.
 * @returns the events of those whose status changed, in the order of `touched`.
 */
export async function refreshClusters(
  tx: Sql,
  touched: readonly TouchedCluster[],
  now: Date,
): Promise<NewEvent[]> {
  const events: NewEvent[] = [];
  const rows = touched.map(({ cluster, ...news }) => {
    const { counts, digest } = news.tally ?? tallyIn(cluster);
    const link = news.link ?? cluster.link;
    const { status, reason } = clusterStatus(counts, link);
    if (status !== cluster.status) {
      const summary = `${cluster.name}: ${cluster.status} → ${status}. ${reason}`;
      events.push({ kind: 'CLUSTER_CHANGED', clusterId: cluster.id, summary });
    }
    const columns = COUNTED_STATUSES.map((counted) => [COUNT_COLUMNS[counted], counts[counted]]);
    const { membershipSequence: sequence, membershipMark: mark } = news;
    return {
      id: cluster.id,
      status,
      reason,
      link,
      digest,
      sequence,
      mark,
      ...Object.fromEntries(columns),
    } as object;
  });
  await tx.$executeRaw`
    UPDATE cluster AS c SET status = r.status, status_reason = r.reason, link = r.link, membership_digest = r.digest,
      status_since = CASE WHEN c.status = r.status THEN c.status_since ELSE ${now}::timestamptz END,
      membership_sequence = coalesce(r.sequence, c.membership_sequence),
      membership_mark = coalesce(r.mark, c.membership_mark), down = r.down, unhealthy = r.unhealthy,
      stopping = r.stopping, starting = r.starting, stopped = r.stopped, running = r.running
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r(id text, status "ClusterStatus", reason text,
      link "ControlLink", digest text, sequence int, mark text, down int, unhealthy int, stopping int, starting int,
      stopped int, running int)
    WHERE c.id = r.id`;
  return events;
}

/** Notes that clusters' control links came or went, with the statuses that follow. Those that have it are left out. */
export async function setLink(
  tx: Sql,
  clusters: readonly ClusterRow[],
  link: ControlLink,
  now: Date,
  summaryOf: (cluster: ClusterRow) => string,
): Promise<NewEvent[]> {
  const changed = clusters.filter((cluster) => cluster.link !== link);
  if (changed.length === 0) return [];
  const kind = link === 'SILENT' ? ('CLUSTER_SILENT' as const) : ('CLUSTER_BACK' as const);
  return [
    ...changed.map((cluster) => ({ kind, clusterId: cluster.id, summary: summaryOf(cluster) })),
    ...(await refreshClusters(
      tx,
      changed.map((cluster) => ({ cluster, link })),
      now,
    )),
  ];
}
