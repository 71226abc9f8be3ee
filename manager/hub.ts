import { Backoff, BACKOFF } from './backoff.ts';
import { OcError, isTransient, type OcClient } from './client.ts';
import type { Credential } from './credential.ts';
import {
  Leave,
  RegisterManager,
  RenewLease,
  type CredentialTerm,
  type Lease,
  type Registration,
} from './graphql.ts';
import type { Logger } from './log.ts';
import { News, pause } from './news.ts';
import { keepCredential } from './renewal.ts';

export interface HubOptions {
  client: OcClient;
  /** That of the client. */
  credential: Credential;
  /** All that is told but the credential. */
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

/** Who is refused waits for people, who do not come within seconds. */
const REFUSED_BACKOFF = { baseMs: 1000, capMs: 60_000 };

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
  private readonly refused = new Backoff(REFUSED_BACKOFF);
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
      const registered = await this.register();
      if (!registered) return;
      const over = new AbortController();
      const end = () => over.abort();
      signal.addEventListener('abort', end);
      const renewing = keepCredential(this.options, registered.term, registered.sentAt, over.signal);
      await this.keepLease();
      end();
      signal.removeEventListener('abort', end);
      await renewing;
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

  /** Resolves when registered; with null when the signal aborts. */
  private async register(): Promise<{ term: CredentialTerm; sentAt: number } | null> {
    const { client, registration, signal, log } = this.options;
    while (!signal.aborted) {
      const sentAt = performance.now();
      try {
        const { clusterId, lease, credential } = await this.registerByAnySecret();
        this.clusterId = clusterId;
        this.recovered();
        this.refused.reset();
        log.info(
          `registered with ${client.url} as ${registration.manager.name} of ${registration.cluster.name}`,
        );
        this.apply(lease, sentAt);
        return { term: credential, sentAt };
      } catch (error) {
        const refused = isUnauthenticated(error);
        const help = refused
          ? ' -- get an enrolment token from an administrator (mutation createEnrolmentToken), put it into `token` of the configuration or into OC_TOKEN, and start this manager again'
          : '';
        this.inTrouble(`cannot register with ${client.url}: ${(error as Error).message}${help}`, error);
        await pause((refused ? this.refused : this.backoff).next(), signal);
      }
    }
    return null;
  }

  /**
   * Registers by the first of this manager's secrets that the OC takes. A new one stands in for one that has ended;
   * the enrolment token, where it is needed, is spent on the newest.
   * @throws what the first was refused with, or whatever kept the OC from answering.
   */
  private async registerByAnySecret() {
    const { client, credential, registration, signal } = this.options;
    let refusal: unknown;
    for (const { secret, previous } of credential.candidates()) {
      const input = { ...registration, credential: secret, ...(previous && { token: null }) };
      try {
        const { registerManager } = await client.send(
          RegisterManager,
          { input },
          { anonymous: true, signal },
        );
        credential.adopt(secret);
        return registerManager;
      } catch (error) {
        if (!isUnauthenticated(error)) throw error;
        refusal ??= error;
        if (error.ended) credential.stage();
      }
    }
    throw refusal;
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
          this.stepDown(error.ended ? error.message : 'the OC does not know this manager any more');
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

const isUnauthenticated = (error: unknown): error is OcError =>
  error instanceof OcError && error.code === 'UNAUTHENTICATED';
