import pg from 'pg';

/** Gives each of the clusters so many more nodes, in one statement. */
export async function addNodes(databaseUrl, nodesOfEach) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `INSERT INTO node (id, cluster_id, name, status, status_reason, status_since, reported_at, host, zone, version,
       last_output, joined_at)
     SELECT gen_random_uuid()::text, c.id, 'more-' || lpad(n::text, 6, '0'),
       CASE WHEN n % 50 = 0 THEN 'DOWN' WHEN n % 20 = 0 THEN 'STARTING' ELSE 'RUNNING' END::"ReportedStatus",
       CASE WHEN n % 50 = 0 THEN 'exited with code 1' END, now(), now(), 'host-' || n, 'a', '2.4.1', '{}', now()
     FROM cluster c, generate_series(1, $1) AS n`,
    [nodesOfEach],
  );
  await client.query('VACUUM ANALYZE node');
  await client.end();
}

/** Nodes drawn evenly from all, as their lists are sorted. */
export async function someNodes(databaseUrl, count) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query(
    `SELECT id, status, name FROM node WHERE status <> 'LEFT' ORDER BY random() LIMIT $1`,
    [count],
  );
  await client.end();
  return rows;
}
