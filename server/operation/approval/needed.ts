import { concerns, type ChoosableCluster, type ClusterChoice } from '../../access/grants.ts';
import type { RolloutStrategy } from '../strategy.ts';

/** Operations on its clusters need the approval of so many people other than who started them. */
export interface ApprovalRule {
  /** Null: the whole system. */
  clusters: ClusterChoice | null;
  approvals: number;
}

/** How many people must approve: as many as the strategy, or the strictest of the rules for one of the clusters, says. */
export const approvalsNeeded = (
  { approvals }: Pick<RolloutStrategy, 'approvals'>,
  clusters: readonly ChoosableCluster[],
  rules: readonly ApprovalRule[],
): number =>
  rules
    .filter((rule) => clusters.some((cluster) => concerns(rule.clusters, cluster)))
    .reduce((most, rule) => Math.max(most, rule.approvals), approvals);
