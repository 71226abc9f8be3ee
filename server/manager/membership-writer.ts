import { setImmediate } from 'node:timers/promises';
import { AppError } from '../platform/errors.ts';
import { isDataError, type SqlEventWriterDeps } from '../platform/event-log.ts';
import { KnownNodes } from './known-nodes.ts';
import type { MembershipReport, MembershipSink, ReportAnswer } from './membership.ts';
import { applyReports, type Told } from './membership-round.ts';
import { StaleKnowledgeError } from './membership-rows.ts';
import { takeRound, type Turn } from './round.ts';
import type { ManagerPrincipal } from '../access/principal.ts';

const LIMITS = { reports: 200, nodes: 4000 };

export interface MembershipWriterOptions {
  /** So that while the database writes one round the next is made ready; 1 where it has a single connection. */
  roundsAtOnce?: number;
  known?: KnownNodes;
}

interface Waiting extends Turn, Told {
  resolve(answer: ReportAnswer): void;
  reject(error: unknown): void;
}

/**
 * Commits together the reports of nodes that arrive together: while rounds are being written, those that come gather
 * for the next. A round has the same number of statements however many reports are in it, and takes the head of the
 * event log once; so the more there is to do, the less each report costs. Reports of one cluster go one after the
 * other.
 */
export class MembershipWriter implements MembershipSink {
  private waiting: Waiting[] = [];
  /** Clusters of which a report is in a round under way. */
  private readonly underWay = new Set<string>();
  private readonly rounds = new Set<Promise<void>>();
  private gathering = false;
  private closed = false;

  private readonly roundsAtOnce: number;
  private readonly known: KnownNodes;

  constructor(
    private readonly deps: SqlEventWriterDeps,
    { roundsAtOnce = 3, known = new KnownNodes() }: MembershipWriterOptions = {},
  ) {
    this.roundsAtOnce = roundsAtOnce;
    this.known = known;
  }

  /** @throws AppError what `decideReport` says; UNAVAILABLE when the server stops. */
  write(principal: ManagerPrincipal, report: MembershipReport): Promise<ReportAnswer> {
    if (this.closed) return Promise.reject(stopping());
    return new Promise((resolve, reject) => {
      const { clusterId } = principal;
      const nodes = report.nodes.length + report.left.length;
      this.waiting.push({ clusterId, nodes, principal, report, resolve, reject });
      void this.begin();
    });
  }

  /** Fails what waits, and resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.closed = true;
    for (const { reject } of this.waiting.splice(0)) reject(stopping());
    await Promise.all(this.rounds);
  }

  /** Begins as many rounds as may be. What arrives in one turn of the event loop goes together. */
  private async begin(): Promise<void> {
    if (this.gathering || this.rounds.size >= this.roundsAtOnce) return;
    this.gathering = true;
    await setImmediate();
    this.gathering = false;
    while (this.rounds.size < this.roundsAtOnce) {
      const { round, rest } = takeRound(this.waiting, LIMITS, this.underWay);
      if (round.length === 0) return;
      this.waiting = rest;
      const writing = this.inRound(round);
      this.rounds.add(writing);
      void writing.then(() => {
        this.rounds.delete(writing);
        void this.begin();
      });
    }
  }

  private async inRound(round: readonly Waiting[]): Promise<void> {
    for (const { clusterId } of round) this.underWay.add(clusterId);
    await this.settle(round);
    for (const { clusterId } of round) this.underWay.delete(clusterId);
  }

  /** Answers all of the round. What cannot be stored is found by trying each alone: one must not fail the others. */
  private async settle(round: readonly Waiting[]): Promise<void> {
    try {
      const settled = await this.apply(round);
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

  /** Somebody may have removed rows by hand: then all is asked anew. */
  private async apply(round: readonly Waiting[]): Promise<(ReportAnswer | AppError)[]> {
    try {
      return await applyReports(this.deps, this.known, round);
    } catch (error) {
      if (!(error instanceof StaleKnowledgeError)) throw error;
      this.known.clear();
      return applyReports(this.deps, this.known, round);
    }
  }
}

const stopping = () => new AppError('UNAVAILABLE', 'The Operations Center is stopping. Try again.');
