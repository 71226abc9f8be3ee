import type { Sql } from '../platform/database/sql-transaction.ts';
import { Prisma } from '../platform/generated/prisma/client.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { ClusterRow } from './service.ts';

/**
 * Locks clusters' rows until the transaction ends, always in the same order, and reads them as they then are: what is
 * done to one cluster is done in turn. Those that do not exist are missing from the answer.
 */
export const lockClusters = (tx: Sql, ids: readonly string[]): Promise<ClusterRow[]> =>
  tx.$queryRaw<ClusterRow[]>`${lockRows(ids)}`;

/** As {@link lockClusters}, but waits for nobody: those that somebody else has locked are missing, too. */
export const lockFreeClusters = (tx: Transaction, ids: readonly string[]): Promise<ClusterRow[]> =>
  tx.$queryRaw<ClusterRow[]>`${lockRows(ids)} SKIP LOCKED`;

const lockRows = (ids: readonly string[]): Prisma.Sql => Prisma.sql`
    SELECT id, name, kind, status, status_reason AS "statusReason", status_since AS "statusSince", link, epoch,
      primary_id AS "primaryId", lease_expires_at AS "leaseExpiresAt", last_heard_at AS "lastHeardAt",
      membership_sequence AS "membershipSequence", membership_digest AS "membershipDigest",
      membership_mark AS "membershipMark", down, unhealthy, stopping, starting, stopped, running,
      created_at AS "createdAt"
    FROM cluster WHERE id = ANY(${ids}) ORDER BY id FOR NO KEY UPDATE`;

/** Locks and reads one. @throws Error when it does not exist: who names it has read it. */
export async function lockCluster(tx: Transaction, id: string): Promise<ClusterRow> {
  const [cluster] = await lockClusters(tx, [id]);
  if (!cluster) throw new Error(`There is no cluster ${id}.`);
  return cluster;
}
