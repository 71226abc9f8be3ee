import type { Deps } from '../deps.ts';
import { checkEpoch } from '../manager/membership.ts';
import type { ManagerPrincipal } from '../access/principal.ts';
import { invalid, notFound } from '../platform/errors.ts';

export interface Sample {
  name: string;
  value: number;
  /** By the manager's clock. */
  at: Date;
}

export interface MetricsReport {
  epoch: number;
  nodes: readonly { name: string; samples: readonly Sample[] }[];
}

/** What came back of the one statement of a report. */
interface Outcome {
  name: string;
  primaryId: string | null;
  epoch: number;
  /** Place in the report of the first node that the cluster does not have. */
  stray: number | null;
  applied: number;
}

/** Metrics of one node: who makes up names fills no table. */
const MOST_METRICS = 200;

/**
 * Takes what a cluster's primary measured of its nodes: of each node and metric the newest value is kept. No event is
 * written; followers are told by another bell. One statement, however large the report.
 *
 * Later is what is of a later epoch, and within one what its manager measured later; a time ahead of the OC's is taken
 * for the time of arrival, so that no clock that is wrong keeps those that are right from being heard for long. Of two
 * with one time in a report the one that stands behind counts.
 * @returns how many of the samples are now the newest; the others came late, or twice, or are of a metric too many.
 * @throws AppError CONFLICT for a stale epoch; INVALID when the cluster has no node of a name, or one that has left. Nothing is taken then.
 */
export async function reportMetrics(
  { prisma, bus, clock }: Deps,
  principal: ManagerPrincipal,
  { epoch, nodes }: MetricsReport,
): Promise<{ applied: number }> {
  const { managerId, clusterId } = principal;
  const named = nodes.map(({ name }, index) => ({ index, name }));
  const rows = nodes
    .flatMap(({ samples }, index) => samples.map((sample) => ({ index, ...sample })))
    .map((row, place) => ({ place, ...row }));
  // Rows are written in one order, so that two reports of a cluster do not wait for each other in a circle.
  const [outcome] = await prisma.$queryRaw<Outcome[]>`
    WITH named AS MATERIALIZED (
      SELECT r."index", n.id
      FROM jsonb_to_recordset(${JSON.stringify(named)}::jsonb) AS r("index" int, name text)
      LEFT JOIN node AS n ON n.cluster_id = ${clusterId} AND n.name = r.name AND n.status <> 'LEFT'
    ), newest AS (
      SELECT DISTINCT ON (n.id, t.name) n.id AS node_id, t.name, t.value, least(t.at, ${clock.now()}::timestamptz) AS at
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS t(place int, "index" int, name text, value float8, at timestamptz)
      JOIN named AS n ON n."index" = t."index"
      ORDER BY n.id, t.name, t.at DESC, t.place DESC
    ), counted AS (
      SELECT *, row_number() OVER (PARTITION BY node_id, known ORDER BY name) AS nth
      FROM (SELECT *, EXISTS (SELECT 1 FROM node_metric AS m WHERE m.node_id = newest.node_id AND m.name = newest.name)
        AS known FROM newest) AS n
    ), held AS (
      SELECT name, primary_id, epoch FROM cluster WHERE id = ${clusterId}
    ), written AS (
      INSERT INTO node_metric AS m (node_id, name, value, at, epoch, written)
      SELECT node_id, name, value, at, ${epoch}::int, pg_current_xact_id() FROM counted
      WHERE (known OR nth + (SELECT count(*) FROM node_metric AS m WHERE m.node_id = counted.node_id) <= ${MOST_METRICS})
        AND EXISTS (SELECT 1 FROM held WHERE primary_id = ${managerId} AND epoch = ${epoch})
        AND NOT EXISTS (SELECT 1 FROM named WHERE id IS NULL)
      ORDER BY node_id, name
      ON CONFLICT (node_id, name) DO UPDATE
      SET value = excluded.value, at = excluded.at, epoch = excluded.epoch, written = excluded.written
      WHERE (m.epoch, m.at) < (excluded.epoch, excluded.at)
      RETURNING 1
    )
    SELECT name, primary_id AS "primaryId", epoch, (SELECT min("index") FROM named WHERE id IS NULL) AS stray,
      (SELECT count(*)::int FROM written) AS applied
    FROM held`;
  if (!outcome) throw notFound('cluster', clusterId);
  checkEpoch(outcome, principal, epoch);
  if (outcome.stray !== null) {
    throw invalid(`input.nodes.${outcome.stray}.name`, `${outcome.name} has no node of this name`);
  }
  if (outcome.applied > 0) bus.ring('metrics');
  return { applied: outcome.applied };
}
