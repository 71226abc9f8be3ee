import { hash } from 'node:crypto';
import type { ReportedStatus } from '../platform/generated/prisma/enums.ts';
import { COUNTED_STATUSES, type NodeCounts } from './status.ts';

/** What a cluster's row keeps of its nodes, so that nobody has to count them. */
export interface Tally {
  counts: NodeCounts;
  /** See PROTOCOL.md, renewLease; null: not known until the next SNAPSHOT. */
  digest: string | null;
}

/** A node that was reported: null before it joined. */
export interface TalliedChange {
  name: string;
  before: ReportedStatus | null;
  status: ReportedStatus;
}

/** Counts nodes from nothing: what a SNAPSHOT says. */
export function tallyOf(nodes: Iterable<{ name: string; status: ReportedStatus }>): Tally {
  const counts = Object.fromEntries(COUNTED_STATUSES.map((status) => [status, 0])) as NodeCounts;
  let sum = 0n;
  for (const { name, status } of nodes) {
    if (status === 'LEFT') continue;
    counts[status]++;
    sum += term(name, status);
  }
  return { counts, digest: digestOf(sum) };
}

/** The tally after changes: what a DELTA does to it. It costs what changed, however many nodes there are. */
export function tallyAfter({ counts, digest }: Tally, changes: Iterable<TalliedChange>): Tally {
  const after = { ...counts };
  let sum = BigInt(`0x${digest ?? '0'}`);
  for (const { name, before, status } of changes) {
    if (before === status) continue;
    if (before !== null && before !== 'LEFT') {
      after[before]--;
      sum -= term(name, before);
    }
    if (status !== 'LEFT') {
      after[status]++;
      sum += term(name, status);
    }
  }
  return { counts: after, digest: digest === null ? null : digestOf(sum) };
}

const term = (name: string, status: string): bigint =>
  hash('sha256', `${name}\n${status}`, 'buffer').readBigUInt64BE();

/** The sum modulo 2^64 as 16 hex digits: it does not depend on the order of the nodes. */
const digestOf = (sum: bigint): string => BigInt.asUintN(64, sum).toString(16).padStart(16, '0');
