import { hash } from 'node:crypto';
import { ByteLru } from '../platform/byte-lru.ts';
import type { ReportedStatus } from '../platform/generated/prisma/enums.ts';
import type { ClusterRow } from '../topology/service.ts';
import type { Tally } from '../topology/tally.ts';
import type { MembershipReport, ReportedChange, ReportedNode } from './membership.ts';

/** What the row of a node that has not left holds. */
export interface KnownNode {
  id: string;
  status: ReportedStatus;
  statusReason: string | null;
  /** See {@link factsOf}. */
  facts: string;
}

/** What is known of a cluster's nodes by the reports that were applied here. */
export interface KnownCluster {
  /** Of the transaction that the rows are known by. */
  mark: string;
  nodes: Map<string, KnownNode>;
  /** Of all nodes. Undefined: there may be others that have not left, too. */
  tally: Tally | undefined;
  bytes: number;
}

/** What a transaction that is committed has made of a cluster's nodes. */
export interface Learned {
  clusterId: string;
  mark: string;
  tally: Tally | undefined;
  /** What was known before, and still held. */
  before: KnownCluster | undefined;
  /** Those whose rows were asked. */
  asked: readonly (KnownNode & { name: string })[];
  /** Of the others: those that were known and those that left. */
  changes: readonly ReportedChange[];
}

const MOST_BYTES = 128 * 1024 * 1024;

/** Of a node beside its texts: the objects and the place in the map. */
const NODE_BYTES = 200;

/**
 * Remembers what nodes' rows hold, so that for what is reported again the database need not be asked. Each transaction
 * that writes nodes by a report leaves a random mark in their cluster's row. What is remembered holds while that row,
 * locked, bears the mark of the transaction after which it was remembered: whoever else writes, whatever backup was
 * restored. Nodes that have left are not remembered, their rows may be forgotten. Who changes rows by hand sets the
 * mark to null.
 */
export class KnownNodes {
  readonly #clusters: ByteLru<KnownCluster>;

  constructor(maxBytes = MOST_BYTES) {
    this.#clusters = new ByteLru(maxBytes);
  }

  /** @param cluster as it is, its row locked */
  of({ id, membershipMark }: Pick<ClusterRow, 'id' | 'membershipMark'>): KnownCluster | undefined {
    const known = this.#clusters.get(id);
    return known?.mark === membershipMark ? known : undefined;
  }

  /** To be called when the transaction is committed, before another one of that cluster begins. */
  learn({ clusterId, mark, tally, before, asked, changes }: Learned): void {
    const nodes = before?.nodes ?? new Map<string, KnownNode>();
    let bytes = before?.bytes ?? 0;
    const put = (name: string, node: KnownNode | undefined): void => {
      const old = nodes.get(name);
      bytes += bytesOf(name, node) - bytesOf(name, old);
      if (node) nodes.set(name, node);
      else nodes.delete(name);
    };
    for (const { id, name, status, statusReason } of changes) {
      const facts = nodes.get(name)?.facts;
      put(name, status === 'LEFT' || facts === undefined ? undefined : { id, status, statusReason, facts });
    }
    for (const { name, ...node } of asked) put(name, node);
    this.#clusters.set(clusterId, { mark, nodes, tally, bytes }, bytes);
  }

  clear(): void {
    this.#clusters.clear();
  }
}

const bytesOf = (name: string, node: KnownNode | undefined): number =>
  node ? NODE_BYTES + name.length + (node.statusReason?.length ?? 0) + node.facts.length : 0;

/** A text this long takes less as its digest. */
const LONG = 150;

/** All that is told of a node beside name and status, as a text: the same text is the same row. */
export function factsOf(node: ReportedNode): string {
  const text = JSON.stringify([
    node['role'],
    node['host'],
    node['zone'],
    node['version'],
    node['os'],
    node['pid'],
    node['address'],
    node['cpuCount'],
    node['memoryTotal'],
    node['startedAt'],
    node['restarts'],
    node['labels'],
    node['consoleUrl'],
    node['lastOutput'],
  ]);
  return text.length > LONG ? hash('sha256', text, 'base64') : text;
}

/** What a report says beside what is known. */
export interface Comparison {
  /** Changes of known nodes, those that leave last. */
  changes: ReportedChange[];
  /** Nodes whose rows have to be asked, with their facts. */
  asked: { node: ReportedNode; facts: string }[];
  /** False: which nodes left has to be asked. */
  leftKnown: boolean;
}

export const GONE = 'It is no longer among the nodes that its manager sees.';

/** Compares a report with what is known. A known node of which more than its status is news has to be asked too. */
export function compareReport(
  clusterId: string,
  { kind, nodes, left }: Pick<MembershipReport, 'kind' | 'nodes' | 'left'>,
  known: KnownCluster | undefined,
): Comparison {
  const changes: ReportedChange[] = [];
  const asked: Comparison['asked'] = [];
  for (const node of nodes) {
    const { name, status, statusReason = null } = node;
    const facts = factsOf(node);
    const before = known?.nodes.get(name);
    if (before?.facts !== facts) asked.push({ node, facts });
    else if (before.status !== status || before.statusReason !== statusReason)
      changes.push({ id: before.id, clusterId, name, before: before.status, status, statusReason });
  }
  if (!known?.tally) return { changes, asked, leftKnown: false };
  const leave = (name: string, statusReason: string | null) => {
    const node = known.nodes.get(name);
    if (node)
      changes.push({ id: node.id, clusterId, name, before: node.status, status: 'LEFT', statusReason });
  };
  for (const { name, reason } of left) leave(name, reason);
  if (kind === 'SNAPSHOT') {
    const named = new Set([...nodes, ...left].map(({ name }) => name));
    for (const name of known.nodes.keys()) if (!named.has(name)) leave(name, GONE);
  }
  return { changes, asked, leftKnown: true };
}
