/** Reference: a subscription to the same 8 fields by Mercurius and its own publish/subscribe, at saturation. */
import fastify from 'fastify';
import mercurius from 'mercurius';
import { eventOf } from './event.mjs';

/** So many events are under way: enough that it never waits for the publisher, and bounded as its queues are not. */
const UNDER_WAY = 8;
const MOST_BUFFERED_BYTES = 64 * 1024;

const app = fastify();
const sockets = [];
let subscribers = 0;
let published = 0;
let resolved = 0;

app.register(mercurius, {
  subscription: {
    context: (socket) => {
      sockets.push(socket);
      return {};
    },
  },
  schema: `
    type Node {
      id: ID!  name: String!  status: String!  statusReason: String
      host: String  zone: String  version: String  statusSince: String!
    }
    type Query { one: Int! }
    type Subscription { nodeChanged: Node! }`,
  resolvers: {
    Subscription: {
      nodeChanged: {
        subscribe: (_root, _args, { pubsub }) => {
          subscribers++;
          return pubsub.subscribe('NODE_CHANGED');
        },
        resolve: ({ nodeChanged }) => {
          resolved++;
          return nodeChanged;
        },
      },
    },
  },
});

async function saturate() {
  for (;;) {
    while (published * subscribers - resolved < UNDER_WAY * subscribers && !isBehind()) {
      await app.graphql.pubsub.publish({
        topic: 'NODE_CHANGED',
        payload: { nodeChanged: eventOf(++published) },
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const isBehind = () => sockets.some(({ bufferedAmount }) => bufferedAmount > MOST_BUFFERED_BYTES);

process.on('message', () => {
  void saturate();
  process.send({});
});

await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`ready on http://127.0.0.1:${app.server.address().port}`);
