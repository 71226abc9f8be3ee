/**
 * Many subscribers in one process. They look at as little of a message as can be, so that it is the server that
 * limits: an event is counted by its mark. Told by messages what to do, answered when it is done.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { MARK } from './event.mjs';

const MARK_BYTE = MARK.charCodeAt(0);
const OPENING_AT_ONCE = 50;

/** Events each socket has received. */
const received = [];
/** The first socket that was closed, and why. */
let closed;
/** Times of receipt by the number of the event, once they are asked for. */
let receipts;

const acts = {
  async subscribe({ url, count, query }) {
    const left = Array.from({ length: count }, (_, index) => index);
    const open = async () => {
      for (let index = left.pop(); index !== undefined; index = left.pop())
        await subscribe(index, url, query);
    };
    await Promise.all(Array.from({ length: OPENING_AT_ONCE }, open));
    return { subscribed: received.length };
  },

  /** Events a second over all sockets. */
  async count({ seconds }) {
    const before = [...received];
    const begin = performance.now();
    await delay(seconds * 1000);
    const took = (performance.now() - begin) / 1000;
    const events = received.map((now, index) => now - before[index]);
    return {
      perSecond: events.reduce((sum, n) => sum + n, 0) / took,
      silent: events.filter((n) => n === 0).length,
      closed,
    };
  },

  watch: () => (receipts = {}),
  receipts: () => ({ receipts, now: now(), closed }),
};

process.on('message', async ({ act, ...input }) => process.send(await acts[act](input)));

function subscribe(index, url, query) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, 'graphql-transport-ws', {
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    received[index] = 0;
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    socket.once('message', () => {
      socket.send(JSON.stringify({ id: randomUUID(), type: 'subscribe', payload: { query } }));
      socket.on('message', (message) => receive(index, message));
      resolve();
    });
    socket.on('close', (code, reason) => (closed ??= `${index}: ${code} ${reason}`));
    socket.on('error', reject);
  });
}

function receive(index, message) {
  for (let at = message.indexOf(MARK_BYTE); at !== -1; at = message.indexOf(MARK_BYTE, at + 1)) {
    received[index]++;
    if (receipts)
      (receipts[Number.parseInt(message.toString('latin1', at + 1, at + 12), 10)] ??= []).push(now());
  }
}

/** The machine's monotonic clock, which is the same in all its processes; milliseconds. */
function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}
