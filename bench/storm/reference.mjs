/**
 * Reference: the rows of a report as one plain INSERT … SELECT FROM unnest, into a table that has a key and nothing
 * else. `query` is that of `pg` or of PGlite.
 */
const COLUMNS = {
  cluster_id: 'text',
  name: 'text',
  status: 'text',
  status_reason: 'text',
  host: 'text',
  zone: 'text',
  version: 'text',
  os: 'text',
  pid: 'int',
  cpu_count: 'int',
  memory_total: 'float8',
  reported_at: 'timestamptz',
};
const NAMES = Object.keys(COLUMNS).join(', ');
const PARAMETERS = Object.values(COLUMNS).map((type, index) => `$${index + 1}::${type}[]`);
const INSERT = `INSERT INTO reported (${NAMES}) SELECT * FROM unnest(${PARAMETERS.join(', ')})`;

const DEFINITIONS = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`);

/** An empty table, for one round. */
export const emptyTable = [
  'DROP TABLE IF EXISTS reported',
  `CREATE TABLE reported (${DEFINITIONS.join(', ')}, PRIMARY KEY (cluster_id, name))`,
];

/** One statement for each report. */
export function insertReport(query, clusterId, nodes) {
  const now = new Date();
  return query(INSERT, [
    nodes.map(() => clusterId),
    nodes.map(({ name }) => name),
    nodes.map(({ status }) => status),
    nodes.map(({ statusReason }) => statusReason),
    nodes.map(({ host }) => host),
    nodes.map(({ zone }) => zone),
    nodes.map(({ version }) => version),
    nodes.map(({ os }) => os),
    nodes.map(({ pid }) => pid),
    nodes.map(({ cpuCount }) => cpuCount),
    nodes.map(({ memoryTotal }) => memoryTotal),
    nodes.map(() => now),
  ]);
}
