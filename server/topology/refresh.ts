import type { ClusterStatus, ControlLink } from '../platform/generated/prisma/enums.ts';
import type { NewEvent, Transaction } from '../platform/event-log.ts';
import { digestOf } from './digest.ts';
import { COUNTED_STATUSES, COUNT_COLUMNS, clusterStatus, type NodeCounts } from './status.ts';

/** A cluster whose nodes or link changed, and what else of its row is to be written. */
export interface TouchedCluster {
  id: string;
  link?: ControlLink;
  membershipSequence?: number;
}

type Counted = {
  id: string;
  name: string;
  status: ClusterStatus;
  link: ControlLink;
  digest_sum: string | null;
} & Record<(typeof COUNT_COLUMNS)[keyof typeof COUNT_COLUMNS], number>;

/**
 * Counts the clusters' nodes anew and writes their counts, digests and statuses with the reasons and, where it is
 * another status, since when. To be called at the end of each transaction that changed clusters' nodes or links, and
 * that holds these clusters' rows. Two statements, however many clusters.
 * @returns the events of those whose status changed, in the order of `touched`.
 */
export async function refreshClusters(
  tx: Transaction,
  touched: readonly TouchedCluster[],
  now: Date,
): Promise<NewEvent[]> {
  const before = new Map((await countNodes(tx, touched)).map((cluster) => [cluster.id, cluster]));
  const rows: object[] = [];
  const events: NewEvent[] = [];
  for (const news of touched) {
    const cluster = before.get(news.id);
    if (!cluster) throw new Error(`There is no cluster ${news.id}: who refreshes it holds its row.`);
    const counts = Object.fromEntries(
      COUNTED_STATUSES.map((status) => [status, cluster[COUNT_COLUMNS[status]]]),
    ) as NodeCounts;
    const { status, reason } = clusterStatus(counts, news.link ?? cluster.link);
    rows.push({ ...cluster, ...news, status, reason, digest: digestOf(cluster.digest_sum) });
    if (status === cluster.status) continue;
    const summary = `${cluster.name}: ${cluster.status} → ${status}. ${reason}`;
    events.push({ kind: 'CLUSTER_CHANGED', clusterId: news.id, summary });
  }
  await tx.$executeRaw`
    UPDATE cluster AS c SET status = r.status, status_reason = r.reason, link = r.link, membership_digest = r.digest,
      status_since = CASE WHEN c.status = r.status THEN c.status_since ELSE ${now}::timestamptz END,
      membership_sequence = coalesce(r."membershipSequence", c.membership_sequence),
      down = r.down, unhealthy = r.unhealthy, stopping = r.stopping, starting = r.starting, stopped = r.stopped,
      running = r.running
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(id text, status "ClusterStatus", reason text,
      link "ControlLink", digest text, "membershipSequence" int, down int, unhealthy int, stopping int, starting int,
      stopped int, running int)
    WHERE c.id = r.id`;
  return events;
}

/** The digest's terms are summed here so that it tells what stands in the rows, not what was thought to be written. */
const countNodes = (tx: Transaction, clusters: readonly { id: string }[]): Promise<Counted[]> =>
  tx.$queryRaw<Counted[]>`
    SELECT c.id, c.name, c.status, c.link, n.*
    FROM cluster AS c CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE status = 'DOWN')::int AS down,
        count(*) FILTER (WHERE status = 'UNHEALTHY')::int AS unhealthy,
        count(*) FILTER (WHERE status = 'STOPPING')::int AS stopping,
        count(*) FILTER (WHERE status = 'STARTING')::int AS starting,
        count(*) FILTER (WHERE status = 'STOPPED')::int AS stopped,
        count(*) FILTER (WHERE status = 'RUNNING')::int AS running,
        sum(('x' || encode(substring(sha256(convert_to(name || E'\n' || status, 'UTF8')) FROM 1 FOR 8), 'hex'))
          ::bit(64)::bigint)::text AS digest_sum
      FROM node WHERE cluster_id = c.id AND status <> 'LEFT'
    ) AS n
    WHERE c.id = ANY(${clusters.map(({ id }) => id)})`;
