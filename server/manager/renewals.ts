import type { Clock } from '../platform/clock.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { inRounds } from '../platform/rounds.ts';
import type { MembershipState } from './lease.ts';

/** A manager that is heard. */
export interface Renewal {
  managerId: string;
  clusterId: string;
  /** The epoch that it believes in. */
  epoch: number;
  /** Until then no lease passes to another. */
  graceUntil: Date;
}

/** What the manager is told of its cluster. */
export interface Renewed extends MembershipState {
  primaryId: string;
  primaryName: string;
  epoch: number;
}

/** What takes heartbeats. */
export interface RenewalSink {
  /** Undefined when there is more to it than that a primary or a standby goes on: nothing was written then. */
  renew(renewal: Renewal): Promise<Renewed | undefined>;
}

/**
 * Writes the usual heartbeats, of primaries and standbys that go on as what they are, together: one statement for all
 * that arrive while the one before is being written. It waits for nobody: a row that somebody else holds is left to
 * the transaction that looks closer, so that one busy cluster does not keep the others from being heard.
 */
export function renewalsInRounds(deps: { prisma: PrismaClient; clock: Clock; leaseMs: number }): RenewalSink {
  return {
    renew: inRounds(async (renewals) => {
      const renewed = await renewAll(deps, renewals);
      return renewals.map((renewal) => renewed.get(keyOf(renewal)));
    }),
  };
}

/** One manager may ask twice, and with two epochs. */
const keyOf = ({ managerId, epoch }: { managerId: string; epoch: number }): string => `${managerId} ${epoch}`;

async function renewAll(
  { prisma, clock, leaseMs }: { prisma: PrismaClient; clock: Clock; leaseMs: number },
  renewals: readonly Renewal[],
): Promise<Map<string, Renewed>> {
  const now = clock.now();
  const rows = await prisma.$queryRaw<(Renewed & { managerId: string; believed: number })[]>`
    WITH told AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(renewals)}::jsonb)
        AS r("managerId" text, "clusterId" text, epoch int, "graceUntil" timestamptz)
    ), primaries AS MATERIALIZED (
      SELECT c.id, m.id AS manager_id, m.name
      FROM told AS r
      JOIN cluster AS c ON c.id = r."clusterId" AND c.primary_id = r."managerId" AND c.epoch = r.epoch
      JOIN manager AS m ON m.id = r."managerId"
      WHERE c.link = 'CONNECTED' AND m.silent_since IS NULL AND m.left_at IS NULL
      FOR NO KEY UPDATE OF c, m SKIP LOCKED
    ), standbys AS MATERIALIZED (
      SELECT m.id AS manager_id, r.epoch AS believed, c.primary_id, p.name, c.epoch, c.membership_sequence
      FROM told AS r
      JOIN manager AS m ON m.id = r."managerId"
      JOIN cluster AS c ON c.id = m.cluster_id AND c.primary_id <> m.id
      JOIN manager AS p ON p.id = c.primary_id
      WHERE m.silent_since IS NULL AND m.left_at IS NULL
        AND (c.lease_expires_at >= ${now} OR r."graceUntil" >= ${now} AND c.lease_expires_at IS NOT NULL)
      FOR NO KEY UPDATE OF m SKIP LOCKED
    ), seen AS (
      UPDATE manager SET last_seen_at = ${now}
      WHERE id IN (SELECT manager_id FROM primaries UNION ALL SELECT manager_id FROM standbys)
    ), held AS (
      UPDATE cluster SET last_heard_at = ${now}, lease_expires_at = ${new Date(now.getTime() + leaseMs)}
      FROM primaries AS p WHERE cluster.id = p.id
      RETURNING cluster.primary_id, cluster.epoch, p.name, cluster.membership_sequence, cluster.membership_digest
    )
    SELECT primary_id AS "managerId", epoch AS believed, primary_id AS "primaryId", name AS "primaryName", epoch,
      membership_sequence AS "membershipSequence", membership_digest AS "membershipDigest"
    FROM held
    UNION ALL
    SELECT manager_id, believed, primary_id, name, epoch, membership_sequence, NULL FROM standbys`;
  return new Map(rows.map((row) => [keyOf({ managerId: row.managerId, epoch: row.believed }), row]));
}
