/** What ours is measured against: opens PGlite in the folder of argv[2] and serves a bare graphql-yoga. */
import { createServer } from 'node:http';
import { PGlite } from '@electric-sql/pglite';
import { createSchema, createYoga } from 'graphql-yoga';

const database = await PGlite.create(process.argv[2]);
const schema = createSchema({
  typeDefs: 'type Query { one: Int! }',
  resolvers: { Query: { one: async () => (await database.query('SELECT 1 AS one')).rows[0].one } },
});
const server = createServer(createYoga({ schema, logging: false }));
server.listen(0, '127.0.0.1', () => console.log(`ready on http://127.0.0.1:${server.address().port}`));
process.on('SIGTERM', async () => {
  server.close();
  await database.close();
  process.exit(0);
});
