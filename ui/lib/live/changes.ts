import type { Change } from './store.svelte.ts';

/** Deltas that wait to be shown, the newest word on each entity only: it cannot grow beyond the topology. */
export class PendingChanges {
  #system: Change['system'];
  readonly #clusters = new Map<string, Change['clusters'][number]>();
  readonly #nodes = new Map<string, Change['nodes'][number]>();
  readonly #operations = new Map<string, Change['operations'][number]>();

  /** How many entities wait. */
  get size(): number {
    return this.#clusters.size + this.#nodes.size + this.#operations.size;
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.#system === undefined;
  }

  add(change: Change): void {
    if (change.system) this.#system = change.system;
    for (const cluster of change.clusters) this.#clusters.set(cluster.id, cluster);
    for (const node of change.nodes) this.#nodes.set(node.id, node);
    for (const operation of change.operations) this.#operations.set(operation.id, operation);
  }

  /** All that waits, as one change; nothing waits afterwards. */
  take(): Change {
    const change: Change = {
      ...(this.#system ? { system: this.#system } : {}),
      clusters: [...this.#clusters.values()],
      nodes: [...this.#nodes.values()],
      operations: [...this.#operations.values()],
    };
    this.clear();
    return change;
  }

  clear(): void {
    this.#system = undefined;
    this.#clusters.clear();
    this.#nodes.clear();
    this.#operations.clear();
  }
}
