import type { ClusterStatus, ControlLink, ReportedStatus } from '../platform/generated/prisma/enums.ts';

/** How many nodes of a cluster were last reported in each status. Nodes that left count nowhere. */
export type NodeCounts = Record<CountedStatus, number>;
export type CountedStatus = Exclude<ReportedStatus, 'LEFT'>;

/** Column of the cluster's row for each status, worst first. */
export const COUNT_COLUMNS = {
  DOWN: 'down',
  UNHEALTHY: 'unhealthy',
  STOPPING: 'stopping',
  STARTING: 'starting',
  STOPPED: 'stopped',
  RUNNING: 'running',
} as const satisfies Record<CountedStatus, string>;

export const COUNTED_STATUSES = Object.keys(COUNT_COLUMNS) as CountedStatus[];

/** A node's status as operators see it: UNKNOWN while its cluster's manager is silent. */
export type NodeStatus = ReportedStatus | 'UNKNOWN';

/** What is known of a node now: nothing while its manager is silent, unless it had left before. */
export const effectiveStatus = (reported: ReportedStatus, silent: boolean): NodeStatus =>
  silent && reported !== 'LEFT' ? 'UNKNOWN' : reported;

export interface Verdict {
  status: ClusterStatus;
  /** One line that says why. */
  reason: string;
}

export const total = (counts: NodeCounts): number =>
  COUNTED_STATUSES.reduce((sum, status) => sum + counts[status], 0);

/**
 * A cluster's status from what its nodes were last reported as and whether its primary manager is heard.
 * Silence means unknown, not down. Nodes that an operator stopped on purpose are no fault, unless they are all.
 */
export function clusterStatus(counts: NodeCounts, link: ControlLink): Verdict {
  const nodes = total(counts);
  if (link === 'SILENT') {
    return { status: 'UNKNOWN', reason: 'No primary manager is heard: what is shown is the last it said.' };
  }
  if (nodes === 0) return { status: 'EMPTY', reason: 'The manager reports no node.' };
  const bad = counts.DOWN + counts.UNHEALTHY;
  if (counts.STOPPED === nodes)
    return { status: 'DOWN', reason: `All ${ofNodes(nodes)} are stopped on purpose.` };
  if (bad > 0) {
    const parts = [
      counts.DOWN > 0 && `${counts.DOWN} down`,
      counts.UNHEALTHY > 0 && `${counts.UNHEALTHY} unhealthy`,
    ].filter((part) => part !== false);
    const reason = `${parts.join(', ')} of ${ofNodes(nodes)}.`;
    return { status: counts.RUNNING === 0 ? 'DOWN' : 'DEGRADED', reason };
  }
  const moving = counts.STARTING + counts.STOPPING;
  if (moving > 0)
    return { status: 'CHANGING', reason: `${moving} of ${ofNodes(nodes)} starting or stopping.` };
  if (counts.STOPPED > 0) {
    return {
      status: 'HEALTHY',
      reason: `${counts.RUNNING} of ${ofNodes(nodes)} running, ${counts.STOPPED} stopped on purpose.`,
    };
  }
  return { status: 'HEALTHY', reason: `All ${ofNodes(nodes)} running.` };
}

/** The system is as bad as its worst cluster, but DOWN only when nothing works any more. */
export function systemStatus(clusters: Partial<Record<ClusterStatus, number>>): Verdict {
  const count = (status: ClusterStatus) => clusters[status] ?? 0;
  const all = Object.values(clusters).reduce((sum, n) => sum + n, 0);
  if (all === 0) return { status: 'EMPTY', reason: 'No cluster has joined yet.' };
  const told = (['DOWN', 'DEGRADED', 'UNKNOWN', 'CHANGING', 'EMPTY'] as const)
    .filter((status) => count(status) > 0)
    .map((status) => `${count(status)} ${status.toLowerCase()}`);
  const clustersTold = all === 1 ? '1 cluster' : `${all} clusters`;
  if (told.length === 0) {
    return {
      status: 'HEALTHY',
      reason: all === 1 ? 'The cluster is healthy.' : `All ${all} clusters are healthy.`,
    };
  }
  const reason = `${told.join(', ')} of ${clustersTold}.`;
  if (count('DOWN') === all) return { status: 'DOWN', reason };
  if (count('DOWN') + count('DEGRADED') > 0) return { status: 'DEGRADED', reason };
  if (count('UNKNOWN') > 0) return { status: 'UNKNOWN', reason };
  if (count('CHANGING') > 0) return { status: 'CHANGING', reason };
  return { status: count('HEALTHY') > 0 ? 'HEALTHY' : 'EMPTY', reason };
}

const ofNodes = (n: number): string => (n === 1 ? '1 node' : `${n} nodes`);
