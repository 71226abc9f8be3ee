import type { Hold } from '../hold.ts';

/** A cluster, or a node of it, is to be away for a while: its commands wait, and nobody is to be woken by it. */
export interface PlannedOffline {
  clusterId: string;
  /** Null: the whole cluster. */
  nodeId: string | null;
  reason: string;
  returnsAt: Date;
}

type Return = Pick<PlannedOffline, 'returnsAt' | 'reason'>;

/** It ends by itself. */
export const isAway = ({ returnsAt }: Pick<PlannedOffline, 'returnsAt'>, now: Date): boolean =>
  now < returnsAt;

/**
 * Whether alerts are muted by what is planned.
 * @param of a cluster (its `nodeId` is null) or a node
 */
export const isMuted = (
  of: Pick<PlannedOffline, 'clusterId' | 'nodeId'>,
  planned: readonly PlannedOffline[],
  now: Date,
): boolean =>
  planned.some(
    (one) =>
      isAway(one, now) && one.clusterId === of.clusterId && (one.nodeId === null || one.nodeId === of.nodeId),
  );

/** Why a command waits that is for the cluster or the node of that name. */
export const holdOfPlannedOffline = (name: string, { returnsAt, reason }: Return): Hold => ({
  rule: 'OFFLINE',
  reason: `${name} is planned to be offline until ${returnsAt.toISOString()}: ${reason}`,
  freedBy: 'That time comes, someone ends the planned offline, or skips it.',
});
