import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { Backoff, BACKOFF } from './backoff.ts';
import type { OcClient } from './client.ts';
import type { ClusterDriver, Guard } from './drivers/driver.ts';
import { Fence } from './fence.ts';
import type { Lease } from './graphql.ts';
import { Journal } from './journal.ts';
import type { Logger } from './log.ts';
import { Membership } from './membership.ts';
import { reportMetrics } from './metrics.ts';
import { News } from './news.ts';
import { Relay } from './relay.ts';
import { CommandReporter } from './reporter.ts';
import { listenForCommands } from './subscription.ts';

export interface PrimaryOptions {
  client: OcClient;
  driver: ClusterDriver;
  stateDir: string;
  managerName: string;
  clusterId: string;
  lease: Lease;
  leaseHeld(): boolean;
  /** The OC says that this manager is not the primary of this epoch, or might. */
  roleLost(): void;
  /** Acting is over: fenced, or a fault that cannot be got over. */
  failed(error: unknown): void;
  log: Logger;
}

/** All that a manager does as primary under one epoch. Nothing of it outlives the epoch. */
export class Primary {
  readonly membership: Membership;
  private readonly relay: Relay;
  private readonly reporter: CommandReporter;
  private readonly journal: Journal;
  private readonly reachable = new News();
  /** Ends the carrying out of commands. */
  private readonly acting = new AbortController();
  /** Ends everything. */
  private readonly over = new AbortController();

  /** @throws Fenced when a later epoch has acted already; Error when the state folder cannot be used. */
  constructor(private readonly options: PrimaryOptions) {
    const { client, driver, stateDir, managerName, clusterId, lease, log } = options;
    const { epoch } = lease;
    const { signal } = this.over;
    setMaxListeners(0, this.acting.signal); // each step of a batch listens
    const { roleLost } = options;
    const failed = (error: unknown) => {
      if (!signal.aborted) options.failed(error);
    };
    const fence = new Fence(stateDir, { clusterId, epoch, manager: managerName });
    fence.claim();
    const guard = watched(fence, failed);
    this.journal = Journal.open(join(stateDir, 'journal.jsonl'), epoch, guard, log);
    const backoff = () => new Backoff(BACKOFF);
    // Before the driver takes over: it is to hear who left meanwhile.
    this.membership = new Membership({ client, driver, lease, backoff: backoff(), roleLost, log, signal });
    try {
      driver.takeOver(guard);
    } catch (error) {
      this.end();
      throw error;
    }
    const drop = (id: string) => this.relay.drop(id);
    this.reporter = new CommandReporter({
      client,
      epoch,
      journal: this.journal,
      backoff: backoff(),
      drop,
      roleLost,
      log,
      signal,
    });
    this.relay = new Relay({
      driver,
      guard,
      journal: this.journal,
      leaseHeld: options.leaseHeld,
      report: (id, nodeNames) => this.reporter.report(id, nodeNames),
      failed,
      log,
      signal: this.acting.signal,
    });
    const issue = this.relay.issue.bind(this.relay);
    void listenForCommands({
      client,
      epoch,
      backoff: backoff(),
      reachable: this.reachable,
      issue,
      interrupted: roleLost,
      log,
      signal,
    }).catch(failed);
    void reportMetrics({ client, driver, epoch, roleLost, log, signal });
  }

  renewed(lease: Lease, mark: number): void {
    this.membership.renewed(lease, mark);
    this.relay.renewed();
  }

  /** The OC was away and answers again: nobody waits for the end of a backoff. */
  ocIsBack(): void {
    this.membership.retryNow();
    this.reporter.retryNow();
    this.reachable.tell();
  }

  /** Begins nothing more; what is under way at the nodes stays as it is, for whoever goes on from the journal. */
  stopActing(): void {
    this.acting.abort();
  }

  /** Resolves when the OC has been told all, or when the signal aborts. */
  async flushed(signal: AbortSignal): Promise<void> {
    await Promise.all([this.membership.flushed(signal), this.reporter.flushed(signal)]);
  }

  end(): void {
    this.acting.abort();
    this.over.abort();
    this.options.driver.release();
    this.journal.close();
  }
}

/** The same guard, which also tells when it refuses: whoever asked may keep that to himself. */
function watched(guard: Guard, failed: (error: unknown) => void): Guard {
  const told = (ask: () => void) => {
    try {
      ask();
    } catch (error) {
      // Not in this turn: who asks is in the middle of something.
      queueMicrotask(() => failed(error));
      throw error;
    }
  };
  return {
    check: () => told(() => guard.check()),
    write: (...args) => told(() => guard.write(...args)),
  };
}
