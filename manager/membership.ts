import { membershipDigest } from './digest.ts';
import { fitting } from './fitting.ts';
import type { Backoff } from './backoff.ts';
import { OcError, isRoleLost, type OcClient } from './client.ts';
import type { ClusterDriver, DriverNode } from './drivers/driver.ts';
import { ReportMembership, type Lease, type NodeReport, type NodesReport } from './graphql.ts';
import type { Logger } from './log.ts';
import { Outbox } from './outbox.ts';

export interface MembershipOptions {
  client: OcClient;
  driver: ClusterDriver;
  lease: Lease;
  backoff: Backoff;
  /** The OC says that this manager is not the primary of this epoch. */
  roleLost(): void;
  log: Logger;
  signal: AbortSignal;
}

/**
 * Tells the OC which nodes there are and how they are: a SNAPSHOT first, then DELTAs of what changed. Whenever it is
 * not certain what the OC has got (no answer, a gap), the next report is a SNAPSHOT again: it is right whatever was.
 */
export class Membership {
  /** Number of the last report that the OC said was applied. */
  acknowledged: number;
  /** Each node's status as it was last told and answered; null before the first answer. */
  private told: Map<string, string> | null = null;
  private readonly outbox: Outbox;
  private readonly changed = new Set<string>();
  private snapshotWanted = true;
  private sequence: number;
  private sending = false;
  /** Counts the reports, so that an answer to a lease is not compared with a report that overtook it. */
  private reports = 0;

  constructor(private readonly options: MembershipOptions) {
    const { driver, lease, backoff, log, signal } = options;
    this.acknowledged = this.sequence = lease.membershipSequence;
    this.outbox = new Outbox(() => this.deliver(), backoff, log, signal);
    const forget = driver.onChange((name) => {
      this.changed.add(name);
      this.outbox.poke();
    });
    signal.addEventListener('abort', forget);
    this.outbox.poke();
  }

  flushed(signal: AbortSignal): Promise<void> {
    return this.outbox.flushed(signal);
  }

  retryNow(): void {
    this.outbox.retryNow();
  }

  /** Of what the OC should have; null while that is not known. */
  digest(): string | null {
    return this.told && membershipDigest(this.told);
  }

  /** To be taken before a lease is renewed, and given back with the answer. */
  mark(): number {
    return this.sending ? -1 : this.reports;
  }

  /** Compares what the OC says it has with what was sent. */
  renewed({ membershipSequence, snapshotWanted }: Lease, mark: number): void {
    const comparable = mark === this.reports && !this.sending;
    if (!comparable || (!snapshotWanted && membershipSequence === this.acknowledged)) return;
    this.options.log.info('the OC lacks reports of the nodes: it gets a snapshot');
    this.sequence = Math.max(this.sequence, membershipSequence);
    this.snapshotWanted = true;
    this.outbox.poke();
  }

  /** Nobody knows whether the OC has heard it: all is told again, also who has left. */
  private tellAgain(names: readonly string[]): void {
    this.snapshotWanted = true;
    for (const name of names) this.changed.add(name);
  }

  /** Names of the nodes that are there and of those that the OC was told of. */
  private known(): string[] {
    return [...this.options.driver.nodes().map(({ name }) => name), ...(this.told?.keys() ?? [])];
  }

  private remember({ kind, nodes, left }: NodesReport): void {
    if (kind === 'SNAPSHOT') this.told = new Map();
    for (const { name, status } of nodes) this.told?.set(name, status);
    for (const { name } of left) this.told?.delete(name);
  }

  private async deliver(): Promise<void> {
    const { client, driver, lease, signal, roleLost } = this.options;
    const kind = this.snapshotWanted ? 'SNAPSHOT' : 'DELTA';
    const names = [...new Set([...(kind === 'SNAPSHOT' ? this.known() : []), ...this.changed])];
    // An empty cluster of which nobody is known to have left is no news: it may be that the driver cannot see.
    if (names.length === 0) return;
    const nodes = names.flatMap((name) => driver.node(name) ?? []).map(reportOf);
    const left = names.filter((name) => !driver.node(name)).map((name) => ({ name }));
    this.changed.clear();
    this.snapshotWanted = false;
    this.sending = true;
    try {
      const sequence = ++this.sequence;
      const input = {
        epoch: lease.epoch,
        sequence,
        kind,
        nodes: fitting(nodes, (node) => ({ ...node, lastOutput: [] })),
        left,
      } as const;
      const { reportMembership: answer } = await client.send(ReportMembership, { input }, { signal });
      this.acknowledged = answer.sequence;
      if (answer.applied) this.remember(input);
      else {
        this.sequence = answer.sequence;
        this.tellAgain(names);
        this.outbox.poke();
      }
    } catch (error) {
      this.tellAgain(names);
      if (isRoleLost(error)) return roleLost();
      if (!(error instanceof OcError && error.code === 'CONFLICT')) throw error;
      this.sequence = Math.max(this.sequence, (error.expectedSequence ?? 1) - 1);
      this.outbox.poke();
    } finally {
      this.sending = false;
      this.reports += 1;
    }
  }
}

/** Without what is the manager's own; JSON leaves out what is undefined. */
const reportOf = (node: DriverNode): NodeReport => ({
  ...node,
  ...{ instance: undefined, returning: undefined },
});
