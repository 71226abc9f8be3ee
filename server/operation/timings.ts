import type { Transaction } from '../platform/event-log.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { estimate, type Estimate, type Timing, type Timings } from './estimate.ts';
import type { Plan } from './planned.ts';

/** How many of a cluster's last commands of a kind are looked at: what it is today, not what it was. */
const LAST_COMMANDS = 3;

/** How long a plan should take; null: nothing like it was done in its clusters before. In one query. */
export const estimateOf = async (db: PrismaClient | Transaction, plan: Plan): Promise<Estimate | null> =>
  estimate(plan, await loadTimings(db, plan));

/** How long the steps of the last commands took that did the same in the same clusters, and did it well. */
async function loadTimings(db: PrismaClient | Transaction, { clusters, kind, mode }: Plan): Promise<Timings> {
  const ids = clusters.filter(({ wave }) => wave !== null).map(({ clusterId }) => clusterId);
  const rows = await db.$queryRaw<(Timing & { clusterId: string | null })[]>`
    SELECT cluster_id AS "clusterId", count(*)::int AS steps,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS median,
      percentile_cont(0.9) WITHIN GROUP (ORDER BY took) AS p90
    FROM (
      SELECT target.id AS cluster_id, EXTRACT(EPOCH FROM s.finished_at - s.started_at)::float8 AS took
      FROM unnest(${ids}::text[]) AS target(id)
      CROSS JOIN LATERAL (
        SELECT m.id FROM command m
        WHERE m.cluster_id = target.id AND m.status = 'SUCCEEDED' AND m.kind = ${kind}::"OperationKind"
          AND m.mode = ${mode}::"OperationMode"
        ORDER BY m.issued_at DESC LIMIT ${LAST_COMMANDS}
      ) AS last
      JOIN step s ON s.command_id = last.id
      WHERE s.status = 'SUCCEEDED' AND s.finished_at >= s.started_at
    ) AS done
    GROUP BY GROUPING SETS ((cluster_id), ())
    HAVING count(*) > 0`;
  const ofClusters = rows.filter((row): row is Timing & { clusterId: string } => row.clusterId !== null);
  return {
    of: new Map(ofClusters.map(({ clusterId, ...timing }) => [clusterId, timing])),
    all: rows.find(({ clusterId }) => clusterId === null) ?? null,
  };
}
