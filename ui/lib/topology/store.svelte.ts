import { SvelteMap } from 'svelte/reactivity';
import type { Enum } from '$lib/kit/graphql.ts';
import { Recency } from '$lib/kit/recency.ts';
import type { OperationRow } from '$lib/operation/fragments.ts';
import type { ClusterRow, NodeCell, NodeRow, SystemHead } from './fragments.ts';
import { worstFirst } from './severity.ts';

/** How many cells of a cluster the map holds; the server leaves out the rest, best first. */
export const CELL_LIMIT = 60;

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

/**
 * What is known of the topology, by id. Entities are replaced, never changed. Pages put in what they fetched; deltas
 * keep it current.
 */
export class TopologyStore {
  system = $state.raw<SystemHead>();
  readonly clusters = new SvelteMap<string, ClusterRow>();
  readonly nodes = new SvelteMap<string, NodeRow>();
  readonly operations = new SvelteMap<string, OperationRow>();
  readonly cells = new SvelteMap<string, readonly NodeCell[]>();
  /** Read it in an effect to hear of each change. */
  touched = $state.raw<Touched>(NOTHING);

  readonly #recency = new Recency();

  /** The moment to hand to the `put…` methods with what was asked for now. */
  begin = this.#recency.begin;

  /** Takes a delta over. */
  apply(change: Change): void {
    this.#recency.advance();
    const clusterLists = change.clusters.some((now) => isListedOtherwise(this.clusters.get(now.id), now));
    const nodeLists = change.nodes.some((now) => isListedOtherwise(this.nodes.get(now.id), now));
    for (const cluster of change.clusters) this.#patch(this.clusters, cluster);
    for (const node of change.nodes) this.#patch(this.nodes, node);
    this.#patchCells(change.nodes);
    for (const operation of change.operations) this.#patch(this.operations, operation);
    if (change.system) {
      this.#recency.mark(change.system.id);
      this.system = change.system;
    }
    this.touched = {
      clusters: new Set(change.clusters.map((cluster) => cluster.id)),
      nodes: new Set(change.nodes.map((node) => node.id)),
      operations: new Set(change.operations.map((operation) => operation.id)),
      clusterLists,
      nodeLists,
    };
  }

  putSystem(system: SystemHead, begun: number): void {
    if (!this.#recency.isNewer(system.id, begun)) this.system = system;
  }
  putClusters(clusters: readonly ClusterRow[], begun: number): void {
    for (const cluster of clusters) this.#put(this.clusters, cluster, begun);
  }
  putNodes(nodes: readonly NodeRow[], begun: number): void {
    for (const node of nodes) this.#put(this.nodes, node, begun);
  }
  putOperations(operations: readonly OperationRow[], begun: number): void {
    for (const operation of operations) this.#put(this.operations, operation, begun);
  }
  putCells(clusterId: string, cells: readonly NodeCell[], begun: number): void {
    const current = cells.map((cell) =>
      this.#recency.isNewer(cell.id, begun) ? (this.nodes.get(cell.id) ?? cell) : cell,
    );
    this.cells.set(clusterId, current.filter((cell) => cell.reportedStatus !== 'LEFT').sort(worstFirst));
  }

  /** What a node's status is now: unknown as soon as its cluster's manager is silent, also before its own delta. */
  statusOf(node: { status: Enum<'NodeStatus'>; reportedStatus: Enum<'NodeStatus'> }, clusterId: string) {
    if (node.reportedStatus === 'LEFT') return 'LEFT';
    const link = this.clusters.get(clusterId)?.controlLink;
    if (link === undefined) return node.status;
    return link === 'SILENT' ? 'UNKNOWN' : node.reportedStatus;
  }

  #patch<Entity extends { id: string }>(entities: SvelteMap<string, Entity>, entity: Entity): void {
    this.#recency.mark(entity.id);
    entities.set(entity.id, entity);
  }

  #put<Entity extends { id: string }>(
    entities: SvelteMap<string, Entity>,
    entity: Entity,
    begun: number,
  ): void {
    if (!this.#recency.isNewer(entity.id, begun)) entities.set(entity.id, entity);
  }

  #patchCells(nodes: readonly NodeRow[]): void {
    const byCluster = new Map<string, NodeRow[]>();
    for (const node of nodes) {
      if (!this.cells.has(node.cluster.id)) continue;
      const changed = byCluster.get(node.cluster.id);
      if (changed) changed.push(node);
      else byCluster.set(node.cluster.id, [node]);
    }
    for (const [clusterId, changed] of byCluster) {
      const cells = new Map(this.cells.get(clusterId)?.map((cell) => [cell.id, cell]));
      for (const node of changed) {
        if (node.reportedStatus === 'LEFT') cells.delete(node.id);
        else cells.set(node.id, node);
      }
      this.cells.set(clusterId, [...cells.values()].sort(worstFirst).slice(0, CELL_LIMIT));
    }
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
