import type { Enum } from '$lib/kit/graphql.ts';

type NodeStatus = Enum<'NodeStatus'>;
type ClusterStatus = Enum<'ClusterStatus'>;

/** Worst first, as the server orders what managers report. UNKNOWN is no report: whatever a node was, it is not heard. */
export const NODE_STATUSES: readonly NodeStatus[] = [
  'DOWN',
  'UNHEALTHY',
  'UNKNOWN',
  'STOPPING',
  'STARTING',
  'STOPPED',
  'RUNNING',
  'LEFT',
];

/** Worst first, as the server orders them. */
export const CLUSTER_STATUSES: readonly ClusterStatus[] = [
  'DOWN',
  'DEGRADED',
  'UNKNOWN',
  'CHANGING',
  'EMPTY',
  'HEALTHY',
];

const BY_NAME = new Intl.Collator('en', { numeric: true });
const RANK = new Map(NODE_STATUSES.map((status, rank) => [status, rank]));

/** Orders by what was reported last, worst first, then by name as people count (`n-2` before `n-10`). */
export function worstFirst(
  a: { reportedStatus: NodeStatus; name: string },
  b: { reportedStatus: NodeStatus; name: string },
): number {
  const byRank = (RANK.get(a.reportedStatus) ?? 0) - (RANK.get(b.reportedStatus) ?? 0);
  return byRank || BY_NAME.compare(a.name, b.name);
}
