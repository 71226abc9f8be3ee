import { setImmediate } from 'node:timers/promises';
import { AppError } from '../platform/errors.ts';
import {
  change,
  isDataError,
  type EventWriterDeps,
  type NewEvent,
  type Transaction,
} from '../platform/event-log.ts';
import { lockClusters } from '../topology/lock.ts';
import { refreshClusters } from '../topology/refresh.ts';
import { tallyIn, type ClusterRow } from '../topology/service.ts';
import { tallyAfter, tallyOf } from '../topology/tally.ts';
import {
  decideReport,
  nodeEvent,
  type MembershipReport,
  type MembershipSink,
  type ReportAnswer,
} from './membership.ts';
import { removeNodes, writeNodes, type AcceptedReport } from './membership-rows.ts';
import { takeRound, type Turn } from './round.ts';
import type { ManagerPrincipal } from '../access/principal.ts';

const LIMITS = { reports: 200, nodes: 10_000 };

interface Waiting extends Turn {
  principal: ManagerPrincipal;
  report: MembershipReport;
  resolve(answer: ReportAnswer): void;
  reject(error: unknown): void;
}

/**
 * Commits together the reports of nodes that arrive together: while one round is being written, those that come
 * gather for the next. A round has the same number of statements however many reports are in it, and takes the head
 * of the event log once; so the more there is to do, the less each report costs.
 */
export class MembershipWriter implements MembershipSink {
  private waiting: Waiting[] = [];
  private working: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly deps: EventWriterDeps) {}

  /** @throws AppError what `decideReport` says; UNAVAILABLE when the server stops. */
  write(principal: ManagerPrincipal, report: MembershipReport): Promise<ReportAnswer> {
    if (this.closed) return Promise.reject(stopping());
    return new Promise((resolve, reject) => {
      const { clusterId } = principal;
      const nodes = report.nodes.length + report.left.length;
      this.waiting.push({ clusterId, nodes, principal, report, resolve, reject });
      this.working ??= this.work();
    });
  }

  /** Fails what waits, and resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.closed = true;
    for (const { reject } of this.waiting.splice(0)) reject(stopping());
    await this.working;
  }

  private async work(): Promise<void> {
    // What arrives in one turn of the event loop goes together.
    await setImmediate();
    while (this.waiting.length > 0) {
      const { round, rest } = takeRound(this.waiting, LIMITS);
      this.waiting = rest;
      await this.settle(round);
    }
    this.working = undefined;
  }

  /** Answers all of the round. What cannot be stored is found by trying each alone: one must not fail the others. */
  private async settle(round: readonly Waiting[]): Promise<void> {
    try {
      const settled = await applyReports(this.deps, round);
      round.forEach(({ resolve, reject }, index) => {
        const outcome = settled[index]!;
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      });
    } catch (error) {
      if (round.length > 1 && isDataError(error)) for (const one of round) await this.settle([one]);
      else for (const { reject } of round) reject(error);
    }
  }
}

const stopping = () => new AppError('UNAVAILABLE', 'The Operations Center is stopping. Try again.');

/**
 * Applies reports of different clusters in one transaction.
 * @returns for each report its answer, or the error that is its own
 */
function applyReports(
  deps: EventWriterDeps,
  reports: readonly Pick<Waiting, 'principal' | 'report'>[],
): Promise<(ReportAnswer | AppError)[]> {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    const ids = reports.map(({ principal }) => principal.clusterId);
    const clusters = new Map((await lockClusters(tx, ids)).map((cluster) => [cluster.id, cluster]));
    const outcomes = reports.map(({ principal, report }) =>
      outcomeOf(() => decideReport(clusters.get(principal.clusterId), principal, report)),
    );
    const accepted = reports.flatMap(({ principal: { clusterId }, report }, index) => {
      const outcome = outcomes[index]!;
      return outcome instanceof Error || !outcome.applied ? [] : [{ clusterId, ...report }];
    });
    if (accepted.length > 0) record(...(await applyAccepted(tx, accepted, clusters, now)));
    return outcomes;
  });
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
  tx: Transaction,
  reports: readonly (AcceptedReport & MembershipReport)[],
  clusters: ReadonlyMap<string, ClusterRow>,
  now: Date,
): Promise<NewEvent[]> {
  const changes = [...(await writeNodes(tx, reports, now)), ...(await removeNodes(tx, reports, now))];
  const changesOf = groupBy(changes, ({ clusterId }) => clusterId);
  const touched = reports.map(({ clusterId, kind, nodes, sequence: membershipSequence }) => {
    const cluster = clusters.get(clusterId)!;
    // A SNAPSHOT names all that there are: whatever the tally was, it is right again.
    const tally =
      kind === 'SNAPSHOT' ? tallyOf(nodes) : tallyAfter(tallyIn(cluster), changesOf.get(clusterId) ?? []);
    return { cluster, tally, membershipSequence };
  });
  return [
    ...changes.map((node) => nodeEvent(clusters.get(node.clusterId)!.name, node)),
    ...(await refreshClusters(tx, touched, now)),
  ];
}

function groupBy<T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}
