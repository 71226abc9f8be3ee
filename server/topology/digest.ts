/**
 * Formats the sum of the nodes' terms (see PROTOCOL.md, renewLease) as a digest of a cluster's membership: the sum
 * modulo 2^64 as 16 hex digits. A sum does not depend on the order of the nodes.
 * @param sum as the database has it: null when there is no node
 */
export const digestOf = (sum: string | null): string =>
  BigInt.asUintN(64, BigInt(sum ?? 0))
    .toString(16)
    .padStart(16, '0');
