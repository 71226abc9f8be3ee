import { randomBytes } from 'node:crypto';
import type { ManagerPrincipal } from '../access/principal.ts';
import type { Sql } from '../platform/database/sql-transaction.ts';
import { AppError } from '../platform/errors.ts';
import { changeBySql, type NewEvent, type SqlEventWriterDeps } from '../platform/event-log.ts';
import { lockClusters } from '../topology/lock.ts';
import { refreshClusters } from '../topology/refresh.ts';
import { tallyIn, type ClusterRow } from '../topology/service.ts';
import { tallyAfter, tallyOf } from '../topology/tally.ts';
import { compareReport, type KnownNodes, type Learned } from './known-nodes.ts';
import {
  decideReport,
  nodeEvent,
  statedOf,
  type MembershipReport,
  type ReportAnswer,
  type ReportedChange,
} from './membership.ts';
import { removeNodes, writeNodes, writeStatuses } from './membership-rows.ts';

/** A report, and who sent it. */
export interface Told {
  principal: ManagerPrincipal;
  report: MembershipReport;
}

/** A report that is to be applied. At most one of each cluster in a round. */
interface Accepted extends MembershipReport {
  clusterId: string;
  /** As it is; its row is locked. */
  cluster: ClusterRow;
}

/**
 * Applies reports of different clusters in one transaction.
 * @returns for each report its answer, or the error that is its own
 * @throws StaleKnowledgeError when what is known does not hold: nothing was applied
 */
export async function applyReports(
  deps: SqlEventWriterDeps,
  known: KnownNodes,
  reports: readonly Told[],
): Promise<(ReportAnswer | AppError)[]> {
  const now = deps.clock.now();
  const [outcomes, learned] = await changeBySql(deps, async (sql, record) => {
    const ids = reports.map(({ principal }) => principal.clusterId);
    const clusters = new Map((await lockClusters(sql, ids)).map((cluster) => [cluster.id, cluster]));
    const decided = reports.map(({ principal, report }) =>
      outcomeOf(() => decideReport(clusters.get(principal.clusterId), principal, report)),
    );
    const accepted = reports.flatMap(({ principal: { clusterId }, report }, index) => {
      const outcome = decided[index]!;
      if (outcome instanceof Error || !outcome.applied) return [];
      return [{ clusterId, cluster: clusters.get(clusterId)!, ...report }];
    });
    if (accepted.length === 0) return [decided, []] as const;
    const applied = await applyAccepted(sql, accepted, known, now);
    record(...applied.events);
    return [decided, applied.learned] as const;
  });
  for (const one of learned) known.learn(one);
  return outcomes;
}

function outcomeOf(decide: () => ReportAnswer): ReportAnswer | AppError {
  try {
    return decide();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

async function applyAccepted(
  sql: Sql,
  reports: readonly Accepted[],
  known: KnownNodes,
  now: Date,
): Promise<{ events: NewEvent[]; learned: Learned[] }> {
  const membershipMark = randomBytes(9).toString('base64url');
  const parts = reports.map((report) => {
    const before = known.of(report.cluster);
    return { report, before, ...compareReport(report.clusterId, report, before) };
  });
  await writeStatuses(
    sql,
    parts.flatMap(({ changes }) => changes),
    now,
  );
  const told = parts.flatMap(({ report: { clusterId }, asked }) =>
    asked.map(({ node }) => ({ clusterId, ...node })),
  );
  const written = (await writeNodes(sql, told, now)).values();
  const unknown = parts.flatMap(({ report, leftKnown }) => (leftKnown ? [] : [report]));
  const removed = byCluster(await removeNodes(sql, unknown, now));
  const events: NewEvent[] = [];
  const learned: Learned[] = [];
  const touched = parts.map(({ report, before, changes, asked, leftKnown }) => {
    const { clusterId, cluster, kind, nodes, sequence: membershipSequence } = report;
    const rows = asked.map((one) => ({ ...one, ...written.next().value! }));
    const differing = rows
      .filter(({ differs }) => differs)
      .map(({ node, id, before: status }) => ({ ...statedOf(node), id, clusterId, before: status }));
    const gone = removed.get(clusterId) ?? [];
    const all = [...changes, ...differing, ...gone];
    // A SNAPSHOT names all that there are: whatever the tally was, it is right again, and stays so in what is known.
    const whole = kind === 'SNAPSHOT' && !leftKnown;
    const tally = whole ? tallyOf(nodes) : tallyAfter(before?.tally ?? tallyIn(cluster), all);
    for (const change of all) events.push(nodeEvent(cluster.name, change));
    learned.push({
      clusterId,
      mark: membershipMark,
      tally: whole || leftKnown ? tally : undefined,
      before,
      asked: rows.map(({ node, id, facts }) => ({ ...statedOf(node), id, facts })),
      changes: [...changes, ...gone],
    });
    return { cluster, tally, membershipSequence, membershipMark };
  });
  events.push(...(await refreshClusters(sql, touched, now)));
  return { events, learned };
}

function byCluster(changes: readonly ReportedChange[]): Map<string, ReportedChange[]> {
  const groups = new Map<string, ReportedChange[]>();
  for (const change of changes) {
    const group = groups.get(change.clusterId);
    if (group) group.push(change);
    else groups.set(change.clusterId, [change]);
  }
  return groups;
}
