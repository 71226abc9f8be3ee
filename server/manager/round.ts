/** What one round takes at the most: so that its transaction is short, whatever is waiting. */
export interface RoundLimits {
  reports: number;
  nodes: number;
}

/** What waits for its turn. */
export interface Turn {
  clusterId: string;
  nodes: number;
}

/**
 * Divides what waits into the next round and the rest. A round has at most one report of each cluster: the next one is
 * decided by what the one before it led to. Reports of one cluster keep their order; a report that is larger than the
 * limit has a round for itself.
 *
 * @param underWay clusters of which a report is in a round that has not ended
 */
export function takeRound<T extends Turn>(
  waiting: readonly T[],
  limits: RoundLimits,
  underWay: Iterable<string> = [],
): { round: T[]; rest: T[] } {
  const round: T[] = [];
  const rest: T[] = [];
  /** Clusters of which nothing more goes into this round. */
  const served = new Set(underWay);
  let nodes = 0;
  for (const turn of waiting) {
    const fits = round.length === 0 || (round.length < limits.reports && nodes + turn.nodes <= limits.nodes);
    if (fits && !served.has(turn.clusterId)) {
      round.push(turn);
      nodes += turn.nodes;
    } else rest.push(turn);
    served.add(turn.clusterId);
  }
  return { round, rest };
}
