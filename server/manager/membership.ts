import { AppError, conflict, invalid, notFound } from '../platform/errors.ts';
import type { NewEvent } from '../platform/event-log.ts';
import type { ReportedStatus } from '../platform/generated/prisma/enums.ts';
import { countsOf, type ClusterRow } from '../topology/service.ts';
import { total } from '../topology/status.ts';
import type { ManagerPrincipal } from '../access/principal.ts';

/** What takes checked reports and answers when they are committed. */
export interface MembershipSink {
  write(principal: ManagerPrincipal, report: MembershipReport): Promise<ReportAnswer>;
}

export interface ReportedNode {
  name: string;
  status: Exclude<ReportedStatus, 'LEFT'>;
  statusReason?: string | null | undefined;
  [fact: string]: unknown;
}

export interface MembershipReport {
  epoch: number;
  sequence: number;
  kind: 'SNAPSHOT' | 'DELTA';
  nodes: ReportedNode[];
  left: { name: string; reason: string | null }[];
}

/** Whether the report was applied now, and which was the last one that is. */
export interface ReportAnswer {
  applied: boolean;
  sequence: number;
}

/** What a report made of a node, as its row now is. */
export interface ReportedChange {
  id: string;
  clusterId: string;
  name: string;
  /** Null: it is new. */
  before: ReportedStatus | null;
  status: ReportedStatus;
  statusReason: string | null;
}

/**
 * What a cluster's primary says of its nodes. Applied once, together with what others report at the same time; only
 * nodes that differ are written and told.
 * @returns applied: false for a report that was applied before.
 * @throws AppError CONFLICT for a stale epoch (`epoch`) or a DELTA out of sequence (`expectedSequence`); INVALID for
 *   a report that contradicts itself, and for a SNAPSHOT that names no node, of a cluster that has nodes.
 */
export async function reportMembership(
  { membershipWriter }: { membershipWriter: MembershipSink },
  principal: ManagerPrincipal,
  report: MembershipReport,
): Promise<ReportAnswer> {
  checkReport(report);
  return membershipWriter.write(principal, report);
}

/** @throws AppError CONFLICT when the manager is not, or no longer, the primary of that epoch. */
export function checkEpoch(
  cluster: Pick<ClusterRow, 'name' | 'primaryId' | 'epoch'>,
  { managerId }: Pick<ManagerPrincipal, 'managerId'>,
  epoch: number,
): void {
  if (cluster.primaryId === managerId && cluster.epoch === epoch) return;
  throw new AppError('CONFLICT', `Epoch ${epoch} is over: ${cluster.name} is at epoch ${cluster.epoch}.`, {
    field: 'input.epoch',
    epoch: cluster.epoch,
  });
}

/** @throws AppError INVALID for a report that contradicts itself. */
export function checkReport({ nodes, left }: MembershipReport): void {
  const names = [...nodes, ...left].map(({ name }) => name);
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) throw invalid('input.nodes', `${twice} is named twice`);
}

/**
 * Whether a report is to be applied, and what is answered.
 * @throws AppError see {@link reportMembership}
 */
export function decideReport(
  cluster: ClusterRow | undefined,
  principal: Pick<ManagerPrincipal, 'managerId' | 'clusterId'>,
  { epoch, sequence, kind, nodes, left }: MembershipReport,
): ReportAnswer {
  if (!cluster) throw notFound('cluster', principal.clusterId);
  checkEpoch(cluster, principal, epoch);
  const expected = cluster.membershipSequence + 1;
  if (sequence < expected) return { applied: false, sequence: cluster.membershipSequence };
  if (kind === 'DELTA' && (expected === 1 || sequence !== expected)) {
    const why = expected === 1 ? 'No SNAPSHOT was reported under this epoch' : `Report ${expected} is next`;
    throw conflict(`${why}, not DELTA ${sequence}: send a SNAPSHOT.`, {
      field: 'input.sequence',
      expectedSequence: expected,
    });
  }
  if (kind === 'SNAPSHOT' && nodes.length + left.length === 0 && total(countsOf(cluster)) > 0) {
    throw invalid('input.nodes', 'an empty SNAPSHOT is not taken as "all nodes left": name them in `left`');
  }
  return { applied: true, sequence };
}

/** What changes most. */
export const statedOf = ({ name, status, statusReason = null }: ReportedNode) => ({
  name,
  status,
  statusReason,
});

/** What is told of a node. */
export function nodeEvent(clusterName: string, change: ReportedChange): NewEvent {
  const { id: nodeId, clusterId, name, before, status, statusReason } = change;
  const told = (kind: NewEvent['kind'], what: string): NewEvent => ({
    kind,
    clusterId,
    nodeId,
    summary: statusReason ? `${what} ${statusReason}` : what,
  });
  if (status === 'LEFT') return told('NODE_LEFT', `${name} left ${clusterName}.`);
  if (before === null || before === 'LEFT')
    return told('NODE_JOINED', `${name} joined ${clusterName}: ${status}.`);
  const what = before === status ? 'told news of itself' : `${before} → ${status}`;
  return told('NODE_CHANGED', `${name}: ${what}.`);
}
