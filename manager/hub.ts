import { Backoff } from './backoff.ts';
import { OcError, isTransient, type OcClient } from './client.ts';
import { Leave, RegisterManager, RenewLease, type Lease, type Registration } from './graphql.ts';
import type { Logger } from './log.ts';
import { News, pause } from './news.ts';

export interface HubOptions {
  client: OcClient;
  /** All that is told but the credential, which is the client's. */
  registration: Omit<Registration, 'credential'>;
  /** The manager is primary from now on, under this epoch. */
  promoted(lease: Lease, clusterId: string): void;
  /** It is primary no more: it stops acting at once. */
  demoted(reason: string): void;
  /** Before a lease is renewed: what to tell with it, and what to do with the answer. */
  renewing(): {
    membershipSequence: number;
    membershipDigest: string | null;
    answered(lease: Lease): void;
  };
  /** The OC was away and answers again. */
  ocIsBack(): void;
  log: Logger;
  signal: AbortSignal;
}

export const BACKOFF = { baseMs: 250, capMs: 10_000 };

/**
 * The connection to the OC: registers, keeps the lease, says who is primary. It never gives up; a lost OC changes
 * nothing but that the lease runs out.
 */
export class Hub {
  /** The epoch under which this manager is primary; null: it is not. */
  private epoch: number | null = null;
  /** Last epoch heard of, told with each renewal. */
  private believed = 0;
  private clusterId = '';
  private leaseUntil = -Infinity;
  private readonly wake = new News();
  private readonly backoff = new Backoff(BACKOFF);
  private trouble = '';
  /** No renewal any more: one that came after the farewell would make this manager primary again. */
  private leaving = false;
  private renewal: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: HubOptions) {}

  /** Whether the manager is primary and its lease has not run out, by this machine's monotonic clock. */
  leaseHeld(): boolean {
    return this.epoch !== null && performance.now() < this.leaseUntil;
  }

  /** Asks the OC now who is primary: something said that it is not this manager. */
  renewNow(): void {
    this.wake.tell();
  }

  /** Registers and keeps the lease until the signal aborts. */
  async run(): Promise<void> {
    const { signal } = this.options;
    while (!signal.aborted && !this.leaving) {
      await this.register();
      await this.keepLease();
    }
  }

  /** Says that the manager stops, so that a standby need not wait for the lease to run out. One attempt. */
  async leave(reason: string): Promise<void> {
    this.leaving = true;
    this.wake.tell();
    await this.renewal.catch(() => undefined);
    if (this.clusterId === '') return;
    const { client } = this.options;
    await client.send(
      Leave,
      { input: { epoch: this.believed, reason } },
      { signal: AbortSignal.timeout(3000) },
    );
  }

  /**
   * This manager found a later epoch than its own at work, and has to stop. It tells the OC so with its next renewal:
   * the OC either names the rival, or, when its data were put back to an older state, goes on to a later epoch.
   */
  fencedBy(epoch: number, reason: string): void {
    this.believed = epoch;
    this.stepDown(reason);
    this.renewNow();
  }

  private stepDown(reason: string): void {
    if (this.epoch === null) return;
    this.epoch = null;
    this.options.demoted(reason);
  }

  /** Resolves when registered. */
  private async register(): Promise<void> {
    const { client, registration, signal, log } = this.options;
    const input = { ...registration, credential: client.credential };
    while (!signal.aborted) {
      const sentAt = performance.now();
      try {
        const { registerManager: answer } = await client.send(
          RegisterManager,
          { input },
          { anonymous: true, signal },
        );
        this.clusterId = answer.clusterId;
        this.recovered();
        log.info(
          `registered with ${client.url} as ${registration.manager.name} of ${registration.cluster.name}`,
        );
        this.apply(answer.lease, sentAt);
        return;
      } catch (error) {
        const help =
          error instanceof OcError && error.code === 'UNAUTHENTICATED' && !registration.token
            ? ' -- get an enrolment token from an operator (mutation createEnrolmentToken) and put it into `token` of the configuration or into OC_TOKEN'
            : '';
        this.inTrouble(`cannot register with ${client.url}: ${(error as Error).message}${help}`, error);
        await pause(this.backoff.next(), signal);
      }
    }
  }

  /** Renews the lease at its pace; resolves when the OC does not know this manager any more. */
  private async keepLease(): Promise<void> {
    const { client, signal, renewing } = this.options;
    let waitMs = this.renewEveryMs;
    while (!signal.aborted) {
      await this.wake.wait(waitMs, signal);
      if (signal.aborted || this.leaving) return;
      const sentAt = performance.now();
      const { membershipSequence, membershipDigest, answered } = renewing();
      try {
        const believed = this.believed;
        const input = { epoch: believed, membershipSequence, membershipDigest };
        const renewal = client.send(RenewLease, { input }, { signal });
        this.renewal = renewal;
        const { lease } = (await renewal).renewLease;
        if (this.leaving) return;
        this.recovered();
        if (this.believed !== believed) {
          // Fenced meanwhile: this answers a question that is out of date. It is asked again at once.
          waitMs = MIN_WAIT_MS;
          continue;
        }
        answered(lease);
        this.apply(lease, sentAt);
        waitMs = this.renewEveryMs;
      } catch (error) {
        if (signal.aborted || this.leaving) return;
        this.inTrouble(`cannot renew the lease: ${(error as Error).message}`, error);
        if (error instanceof OcError && error.code === 'UNAUTHENTICATED') {
          this.stepDown('the OC does not know this manager any more');
          return;
        }
        // Not more seldom than when all is well: the OC, once back, is to hear of everybody soon.
        waitMs = Math.max(MIN_WAIT_MS, this.backoff.next(this.renewEveryMs));
      }
    }
  }

  private renewEveryMs = 1000;

  private apply(lease: Lease, sentAt: number): void {
    this.renewEveryMs = Math.max(MIN_WAIT_MS, lease.renewEveryMs);
    this.believed = lease.epoch;
    if (lease.role === 'STANDBY') {
      this.stepDown(`${lease.primaryName ?? 'another manager'} is primary (epoch ${lease.epoch})`);
      return;
    }
    // From when the request was sent: the OC began to count later.
    this.leaseUntil = sentAt + lease.durationMs;
    if (this.epoch === lease.epoch) return;
    this.stepDown(`epoch ${this.epoch} is over, ${lease.epoch} has begun`);
    this.epoch = lease.epoch;
    this.options.promoted(lease, this.clusterId);
  }

  /** Says what is wrong once, not with each attempt. */
  private inTrouble(message: string, error: unknown): void {
    if (message === this.trouble || this.options.signal.aborted) return;
    this.trouble = message;
    this.options.log[isTransient(error) ? 'warn' : 'error'](message);
  }

  private recovered(): void {
    this.backoff.reset();
    if (!this.trouble) return;
    this.trouble = '';
    this.options.log.info('the OC answers again');
    this.options.ocIsBack();
  }
}

/** Shortest wait between two renewals, so that being woken often does not become a flood. */
const MIN_WAIT_MS = 50;
