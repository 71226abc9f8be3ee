import { randomBytes } from 'node:crypto';
import { ask, bearer } from './api.ts';

const KINDS = ['process', 'redis-cluster', 'rabbitmq', 'tomcat'] as const;
const ENVIRONMENTS = ['prod', 'prod', 'stage', 'test'] as const;
const REGIONS = ['eu-west', 'eu-north', 'us-east'] as const;
type Status = 'RUNNING' | 'STARTING' | 'DOWN' | 'UNHEALTHY';

interface Lease {
  epoch: number;
  renewEveryMs: number;
  snapshotWanted: boolean;
}

interface Term {
  renewAfterMs: number;
}

const newSecret = (): string => `ocm_${randomBytes(32).toString('base64url')}`;

/** A manager that speaks the protocol for nodes that do not exist; see PROTOCOL.md. */
export class SimulatedManager {
  readonly #url: string;
  readonly #index: number;
  readonly #name: string;
  readonly #nodes: { name: string; status: Status; statusReason: string | null; zone: string }[];
  #credential = newSecret();
  /** The one to come: the same until it is known to be taken. */
  #nextCredential = newSecret();
  #renewCredentialAt = Infinity;
  #epoch = 0;
  #sequence = 0;
  #renewEveryMs = 3000;
  /** Reports go one after the other: the order is part of the protocol. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(url: string, index: number, nodes: number) {
    this.#url = url;
    this.#index = index;
    this.#name = `sim-${String(index + 1).padStart(4, '0')}`;
    this.#nodes = Array.from({ length: nodes }, (_, n) => ({
      name: `node-${n + 1}`,
      // One cluster in twenty begins with a fault, so that there is something to find.
      status: index % 20 === 7 && n === 0 ? 'DOWN' : 'RUNNING',
      statusReason: index % 20 === 7 && n === 0 ? 'exited with code 137' : null,
      zone: 'abc'[n % 3]!,
    }));
  }

  /** Registers and reports all nodes. */
  async join(token: string): Promise<void> {
    const { registerManager } = await call<{ registerManager: { lease: Lease; credential: Term } }>(
      this.#url,
      `mutation ($input: RegisterManagerInput!) {
         registerManager(input: $input) { lease { epoch renewEveryMs snapshotWanted } credential { renewAfterMs } }
       }`,
      {
        input: {
          credential: this.#credential,
          token,
          cluster: {
            name: this.#name,
            kind: KINDS[this.#index % KINDS.length],
            labels: [
              { key: 'env', value: ENVIRONMENTS[this.#index % ENVIRONMENTS.length] },
              { key: 'region', value: REGIONS[this.#index % REGIONS.length] },
            ],
          },
          manager: { name: `${this.#name}-m1`, version: 'simulated' },
        },
      },
    );
    this.#renewCredentialAt = performance.now() + registerManager.credential.renewAfterMs;
    this.#renewEveryMs = registerManager.lease.renewEveryMs;
    this.#epoch = registerManager.lease.epoch;
    await this.#report('SNAPSHOT', this.#nodes);
  }

  /** Renews the lease at its pace until the process ends. */
  keepAlive(onError: (error: Error) => void): void {
    // Spread over the period, so that many simulated managers do not all speak at once.
    setTimeout(() => {
      setInterval(() => void this.#renew().catch(onError), this.#renewEveryMs);
    }, Math.random() * this.#renewEveryMs);
  }

  get inTrouble(): boolean {
    return this.#nodes.some(({ status }) => status !== 'RUNNING');
  }

  /** Something happens to one node: it fails, or one that failed comes back. */
  async change(): Promise<void> {
    const node = this.#nodes[Math.floor(Math.random() * this.#nodes.length)]!;
    const failed = this.#nodes.find(({ status }) => status !== 'RUNNING');
    const target = failed ?? node;
    target.status = failed ? 'RUNNING' : Math.random() < 0.5 ? 'DOWN' : 'STARTING';
    target.statusReason = target.status === 'DOWN' ? 'exited with code 1' : null;
    await this.#report('DELTA', [target]);
  }

  async #renew(): Promise<void> {
    const { renewLease } = await call<{ renewLease: { lease: Lease } }>(
      this.#url,
      `mutation ($input: RenewLeaseInput!) { renewLease(input: $input) { lease { epoch renewEveryMs snapshotWanted } } }`,
      { input: { epoch: this.#epoch, membershipSequence: this.#sequence } },
      this.#credential,
    );
    const { epoch, snapshotWanted } = renewLease.lease;
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#sequence = 0;
    }
    if (snapshotWanted) await this.#report('SNAPSHOT', this.#nodes);
    if (performance.now() >= this.#renewCredentialAt) await this.#renewCredential();
  }

  async #renewCredential(): Promise<void> {
    const credential = this.#nextCredential;
    const { renewCredential } = await call<{ renewCredential: { credential: Term } }>(
      this.#url,
      'mutation ($input: RenewCredentialInput!) { renewCredential(input: $input) { credential { renewAfterMs } } }',
      { input: { credential } },
      this.#credential,
    );
    this.#credential = credential;
    this.#nextCredential = newSecret();
    this.#renewCredentialAt = performance.now() + renewCredential.credential.renewAfterMs;
  }

  #report(kind: 'SNAPSHOT' | 'DELTA', nodes: readonly object[]): Promise<unknown> {
    this.#tail = this.#tail
      .catch(() => undefined)
      .then(async () => {
        await call(
          this.#url,
          'mutation ($input: ReportMembershipInput!) { reportMembership(input: $input) { applied } }',
          { input: { epoch: this.#epoch, sequence: this.#sequence + 1, kind, nodes } },
          this.#credential,
        );
        this.#sequence += 1;
      });
    return this.#tail;
  }
}

async function call<T>(url: string, query: string, variables: object, credential?: string): Promise<T> {
  return (await ask<T>(url, query, variables, bearer(credential))).data;
}
