/**
 * Reference: plain node http that runs one statement by hand for each request and answers the JSON that PostgreSQL
 * made of it. `/topology` is all of it; `/page?status=&name=&id=` the nodes after that one, with `&count` also how
 * many there are.
 */
import { createServer } from 'node:http';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const NODE = `json_build_object('id', n.id, 'name', n.name, 'zone', n.zone, 'host', n.host, 'statusReason', n.status_reason,
  'status', CASE WHEN c.link = 'SILENT' THEN 'UNKNOWN' ELSE n.status::text END)`;

const TOPOLOGY = `
  SELECT json_agg(json_build_object('id', c.id, 'name', c.name, 'kind', c.kind, 'status', c.status,
    'statusReason', c.status_reason, 'statusSince', c.status_since, 'nodes', (
      SELECT json_agg(${NODE} ORDER BY n.status, n.name, n.id) FROM node n WHERE n.cluster_id = c.id AND n.status <> 'LEFT'
    )) ORDER BY c.status, c.name, c.id)::text AS json
  FROM cluster c`;

const PAGE = `
  SELECT json_agg(page.node)::text AS json FROM (
    SELECT ${NODE} AS node FROM node n JOIN cluster c ON c.id = n.cluster_id
    WHERE (n.status, n.name, n.id) > ($1, $2, $3) AND n.status <> 'LEFT'
    ORDER BY n.status, n.name, n.id LIMIT 50
  ) page`;

const COUNT = `SELECT count(*)::text AS json FROM node WHERE status <> 'LEFT'`;

// Named statements: PostgreSQL plans them once.
const json = async (name, text, values) =>
  (await pool.query(values ? { name, text, values } : { name, text })).rows[0].json;

async function answer(url) {
  const { pathname, searchParams } = new URL(url, 'http://here');
  if (pathname === '/topology') return json('topology', TOPOLOGY);
  const page = json(
    'page',
    PAGE,
    ['status', 'name', 'id'].map((key) => searchParams.get(key)),
  );
  if (!searchParams.has('count')) return page;
  return `{"nodes":${await page},"totalCount":${await json('count', COUNT)}}`;
}

const server = createServer(async (request, response) => {
  try {
    const body = await answer(request.url);
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => console.log(`ready on http://127.0.0.1:${server.address().port}`));
