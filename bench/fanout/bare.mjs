/** Reference: one ready message written to each socket in a loop, as fast as the sockets take it, by plain `ws`. */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { messageOf } from './event.mjs';

/** A socket that has so much to send is passed over until it has less. */
const MOST_BUFFERED_BYTES = 64 * 1024;

const server = createServer();
const subscribers = new Set();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  socket.once('message', () => {
    socket.send('{"type":"connection_ack"}');
    socket.once('message', () => subscribers.add(socket));
  });
});

function saturate(message) {
  for (const socket of subscribers) if (socket.bufferedAmount < MOST_BUFFERED_BYTES) socket.send(message);
  setImmediate(saturate, message);
}

process.on('message', ({ act, number }) => {
  const message = messageOf(number);
  const at = Number(process.hrtime.bigint()) / 1e6;
  if (act === 'saturate') saturate(message);
  else for (const socket of subscribers) socket.send(message);
  process.send({ at });
});

server.listen(0, '127.0.0.1', () => console.log(`ready on http://127.0.0.1:${server.address().port}`));
