import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { concurrently } from './concurrently.mjs';
import { graphql } from './http.mjs';

const REGISTER = `mutation ($input: RegisterManagerInput!) {
  registerManager(input: $input) { clusterId lease { epoch renewEveryMs } }
}`;
const REPORT = `mutation ($input: ReportMembershipInput!) { reportMembership(input: $input) { applied sequence } }`;
const RENEW = `mutation ($input: RenewLeaseInput!) { renewLease(input: $input) { lease { epoch snapshotWanted } } }`;

/** How many managers come, or go, at the same time while a benchmark gets ready. */
export const READYING = 8;

/** A token admits so many at the most. */
const MOST_USES = 1000;

async function newToken(url) {
  const { createEnrolmentToken } = await graphql(
    url,
    'mutation ($uses: Int!) { createEnrolmentToken(input: { uses: $uses }) { token } }',
    { uses: MOST_USES },
  );
  return createEnrolmentToken.token;
}

/** As manager/hub.ts waits: bound of the first wait and of every wait, milliseconds. */
const BASE_MS = 250;
const CAP_MS = 10_000;

/** Before attempt n after a failure: drawn evenly from zero to a bound that doubles, up to a cap. */
export const backoff = (attempt, capMs = CAP_MS) =>
  delay(Math.random() * Math.min(capMs, BASE_MS * 2 ** attempt));

/** The side of a primary manager of the protocol, for a cluster whose nodes exist on the wire only. */
export class Manager {
  /** Requests that had to be sent again, of all managers. */
  static retries = 0;
  #url;
  #sequence = 0;
  /** Reports go one after the other: the order is part of the protocol. */
  #tail = Promise.resolve();

  constructor(url, name, clusterId, credential, { epoch, renewEveryMs }) {
    this.#url = url;
    this.name = name;
    this.clusterId = clusterId;
    this.credential = credential;
    this.epoch = epoch;
    this.renewEveryMs = renewEveryMs;
  }

  /** A manager that has joined under that name, with a cluster of its own. */
  static async join(url, name, token) {
    const credential = `ocm_${randomBytes(32).toString('base64url')}`;
    const input = {
      credential,
      token,
      cluster: { name, kind: 'bench', labels: [{ key: 'env', value: 'bench' }] },
      manager: { name: `${name}-m1`, version: '1' },
    };
    const { clusterId, lease } = (await graphql(url, REGISTER, { input })).registerManager;
    return new Manager(url, name, clusterId, credential, lease);
  }

  /** Many managers, joined a few at a time, each with its nodes told in a snapshot. */
  static async joinAll(url, count, nodesOf, joined = () => undefined) {
    const tokens = [];
    for (let left = count; left > 0; left -= MOST_USES) tokens.push(await newToken(url));
    const names = Array.from({ length: count }, (_, index) => `bench-${String(index).padStart(4, '0')}`);
    return concurrently(READYING, names, async (name, index) => {
      const manager = await Manager.join(url, name, tokens[Math.floor(index / MOST_USES)]);
      await manager.report('SNAPSHOT', nodesOf(index));
      joined(manager);
      return manager;
    });
  }

  /** Reports until it is answered, as a manager must. */
  report(kind, nodes) {
    this.#tail = this.#tail.then(() => this.#report(kind, nodes));
    return this.#tail;
  }

  async #report(kind, nodes) {
    const input = { epoch: this.epoch, sequence: ++this.#sequence, kind, nodes };
    for (let attempt = 0; ; attempt++) {
      try {
        return await graphql(this.#url, REPORT, { input }, this.credential);
      } catch (error) {
        if (error.code && !['UNAVAILABLE', 'UNEXPECTED'].includes(error.code)) throw error;
        Manager.retries++;
        await backoff(attempt);
      }
    }
  }

  /** One renewal; a manager that lost its place by it is an error here. */
  async renew() {
    const input = { epoch: this.epoch, membershipSequence: this.#sequence };
    const { lease } = (await graphql(this.#url, RENEW, { input }, this.credential)).renewLease;
    if (lease.epoch !== this.epoch || lease.snapshotWanted)
      throw new Error(`${this.name} was told ${JSON.stringify(lease)}`);
  }
}
