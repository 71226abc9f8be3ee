import { createHash } from 'node:crypto';

/**
 * A digest of a cluster's membership that does not depend on the order of its nodes: the sum modulo 2^64 of the first
 * 8 bytes of each node's SHA-256, as 16 hex digits. See PROTOCOL.md, renewLease.
 * @param nodes name and status of each node that is there
 */
export function membershipDigest(nodes: Iterable<readonly [name: string, status: string]>): string {
  let sum = 0n;
  for (const [name, status] of nodes) {
    sum += createHash('sha256').update(`${name}\n${status}`).digest().readBigUInt64BE();
  }
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0');
}
