import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from './client.ts';
import { running, WireManager } from './wire-manager.ts';

const PAGE = `query ($id: ID!, $after: String) {
  cluster(id: $id) {
    nodeTotal
    history(first: 500, after: $after) { edges { node { kind summary } } pageInfo { hasNextPage endCursor } }
  }
}`;

/**
 * Load without pause by a manager that does as PROTOCOL.md says: it reports one new node after the other, and what it
 * got no answer to again until it does, whatever happens to the server.
 */
export class Load {
  readonly manager: WireManager;
  readonly #client: Client;
  readonly #ended: Promise<void>;
  readonly #refusals: unknown[] = [];
  #stopped = false;
  /** So many nodes were answered for, the first included. */
  acknowledged = 1;

  private constructor(client: Client, manager: WireManager) {
    this.#client = client;
    this.manager = manager;
    this.#ended = this.#work();
  }

  static async begin(client: Client, cluster: string): Promise<Load> {
    const manager = await WireManager.join(client, cluster);
    await manager.snapshot(running('n1'));
    return new Load(client, manager);
  }

  /** Ends it, and answers what the server has that it should not have, or has not: nothing. */
  async end(): Promise<unknown[]> {
    this.#stopped = true;
    await this.#ended;
    const wrong = [...this.#refusals];
    const joined = new Map<string, number>();
    let after: string | null = null;
    for (let more = true; more;) {
      const { cluster } = await this.#client.data(PAGE, { id: this.manager.clusterId, after });
      if (!after && cluster.nodeTotal !== this.acknowledged)
        wrong.push(`${this.acknowledged} nodes were acknowledged, ${cluster.nodeTotal} are there`);
      for (const { node } of cluster.history.edges) {
        if (node.kind === 'NODE_JOINED') joined.set(node.summary, (joined.get(node.summary) ?? 0) + 1);
      }
      ({ hasNextPage: more, endCursor: after } = cluster.history.pageInfo);
    }
    if (joined.size !== this.acknowledged) wrong.push(`${joined.size} nodes have joined`);
    for (const [summary, times] of joined) if (times !== 1) wrong.push(`${times} times: ${summary}`);
    return wrong;
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      const sequence = this.acknowledged + 1;
      while (!(await this.#answered(sequence))) await delay(20);
      this.acknowledged = sequence;
    }
  }

  /** Whether the report was answered; any error but that the server cannot right now is noted as wrong. */
  async #answered(sequence: number): Promise<boolean> {
    const nodes = running(`n${sequence}`);
    const answer = await this.manager.report({ kind: 'DELTA', sequence, nodes }).catch(() => undefined);
    const code = answer?.errors?.[0]?.extensions.code;
    if (code && code !== 'UNAVAILABLE') this.#refusals.push(answer?.errors);
    return answer !== undefined && code !== 'UNAVAILABLE';
  }
}
