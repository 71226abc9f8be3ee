import { SvelteMap } from 'svelte/reactivity';
import { Entities } from '$lib/kit/entities.ts';
import type { Enum } from '$lib/kit/graphql.ts';
import type { ClusterRow, NodeCell, NodeRow, OperationRow, SystemHead } from './fragments.ts';
import { worstFirst } from './severity.ts';

/** What a delta brings: everything as it is now. */
export interface Change {
  system?: SystemHead;
  clusters: readonly ClusterRow[];
  nodes: readonly NodeRow[];
  operations: readonly OperationRow[];
}

/** Which entities the last change touched, and whether lists of clusters or of nodes may now read otherwise. */
export interface Touched {
  clusters: ReadonlySet<string>;
  nodes: ReadonlySet<string>;
  operations: ReadonlySet<string>;
  clusterLists: boolean;
  nodeLists: boolean;
}

const NOTHING: Touched = {
  clusters: new Set(),
  nodes: new Set(),
  operations: new Set(),
  clusterLists: false,
  nodeLists: false,
};

/** What pages asked for of the topology: they put in what they fetched, deltas keep it current. */
export class TopologyStore {
  system = $state.raw<SystemHead>();
  readonly clusters = new Entities<ClusterRow>();
  readonly nodes = new Entities<NodeRow>();
  readonly operations = new Entities<OperationRow>();
  /** Read it in an effect to hear of each change. */
  touched = $state.raw<Touched>(NOTHING);

  /** Nodes of clusters as cells, worst first; `limit`: how many were asked for. */
  readonly #cells = new SvelteMap<string, { cells: readonly NodeCell[]; limit: number }>();
  #now = 0;
  #systemAt = 0;

  /** The moment to hand to the `put…` methods with what was asked for now. */
  begin = (): number => this.#now;

  /** Takes a delta over. */
  apply(change: Change): void {
    const now = ++this.#now;
    const clusterLists = change.clusters.some((one) => isListedOtherwise(this.clusters.known(one.id), one));
    const nodeLists = change.nodes.some((one) => isListedOtherwise(this.nodes.known(one.id), one));
    for (const cluster of change.clusters) this.clusters.patch(cluster, now);
    for (const node of change.nodes) this.nodes.patch(node, now);
    this.#patchCells(change.nodes);
    for (const operation of change.operations) this.operations.patch(operation, now);
    if (change.system) {
      this.#systemAt = now;
      this.system = change.system;
    }
    this.touched = {
      clusters: new Set(change.clusters.map(({ id }) => id)),
      nodes: new Set(change.nodes.map(({ id }) => id)),
      operations: new Set(change.operations.map(({ id }) => id)),
      clusterLists,
      nodeLists,
    };
  }

  putSystem(system: SystemHead, begun: number): void {
    if (this.#systemAt <= begun) this.system = system;
  }
  putClusters(clusters: readonly ClusterRow[], begun: number): void {
    for (const cluster of clusters) this.clusters.put(cluster, begun);
  }
  putNodes(nodes: readonly NodeRow[], begun: number): void {
    for (const node of nodes) this.nodes.put(node, begun);
  }
  putOperations(operations: readonly OperationRow[], begun: number): void {
    for (const operation of operations) this.operations.put(operation, begun);
  }
  /** @param limit how many cells were asked for: the cluster goes on with as many, the worst ones */
  putCells(clusterId: string, cells: readonly NodeCell[], limit: number, begun: number): void {
    this.#setCells(
      clusterId,
      cells.map((cell) => this.nodes.current(cell, begun)),
      limit,
    );
  }

  /** The cells of a cluster, worst first, as many as were asked for. */
  cellsOf(clusterId: string): readonly NodeCell[] {
    return this.#cells.get(clusterId)?.cells ?? [];
  }

  /** What a node's status is now: unknown as soon as its cluster's manager is silent, also before its own delta. */
  statusOf(node: { status: Enum<'NodeStatus'>; reportedStatus: Enum<'NodeStatus'> }, clusterId: string) {
    if (node.reportedStatus === 'LEFT') return 'LEFT';
    const link = this.clusters.get(clusterId)?.controlLink;
    if (link === undefined) return node.status;
    return link === 'SILENT' ? 'UNKNOWN' : node.reportedStatus;
  }

  /** Another page is shown: what the one before did not ask for is let go of. */
  turnPage(): void {
    for (const entities of [this.clusters, this.nodes, this.operations]) entities.turnPage();
    for (const id of [...this.#cells.keys()]) if (!this.clusters.get(id)) this.#cells.delete(id);
  }

  #patchCells(nodes: readonly NodeRow[]): void {
    const changed = new Map<string, Map<string, NodeCell>>();
    for (const node of nodes) {
      const { id } = node.cluster;
      const cells = changed.get(id) ?? new Map(this.cellsOf(id).map((cell) => [cell.id, cell]));
      changed.set(id, cells.set(node.id, node));
    }
    for (const [clusterId, cells] of changed) {
      const limit = this.#cells.get(clusterId)?.limit;
      if (limit !== undefined) this.#setCells(clusterId, [...cells.values()], limit);
    }
  }

  #setCells(clusterId: string, cells: readonly NodeCell[], limit: number): void {
    const present = cells.filter(({ reportedStatus }) => reportedStatus !== 'LEFT');
    this.#cells.set(clusterId, { cells: present.sort(worstFirst).slice(0, limit), limit });
  }
}

/** Whether a list that filters or orders by what these tell may have to show one of them elsewhere. */
function isListedOtherwise(before: ClusterRow | NodeRow | undefined, now: ClusterRow | NodeRow): boolean {
  if (!before || before.status !== now.status || before.name !== now.name) return true;
  return (
    'labels' in before && 'labels' in now && JSON.stringify(before.labels) !== JSON.stringify(now.labels)
  );
}

export const topology = new TopologyStore();
