import { describe, expect, it, onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { Backoff } from './backoff.ts';
import { OcClient } from './client.ts';
import type { IssuedCommand } from './graphql.ts';
import { News } from './news.ts';
import { listenForCommands } from './subscription.ts';
import { issued } from './testing/issued.ts';
import { silent } from './testing/silent.ts';
import { until } from './testing/until.ts';
import { openWire } from './testing/wire.ts';

interface Message {
  type: string;
  id: string;
  payload?: { authorization?: string; variables?: object };
}

/** What becomes of a connection, once the subscription has been asked for; `early`: before it is acknowledged. */
interface Fate {
  (socket: WebSocket, id: string): void;
  early?: boolean;
}

async function open(fates: Fate[]) {
  const messages: Message[] = [];
  let connections = 0;
  const { url } = await openWire(
    () => ({ status: 500 }),
    (socket) => {
      const fate = fates[Math.min(connections++, fates.length - 1)]!;
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as Message;
        messages.push(message);
        if (message.type === 'connection_init') {
          if (fate.early) fate(socket, '');
          else socket.send(JSON.stringify({ type: 'connection_ack' }));
        }
        if (message.type === 'subscribe') fate(socket, message.id);
      });
    },
  );
  const client = new OcClient(url, { current: 'ocm_1' });
  const commands: IssuedCommand[] = [];
  const over = new AbortController();
  let interruptions = 0;
  const listening = listenForCommands({
    client,
    epoch: 4,
    backoff: new Backoff({ baseMs: 1, capMs: 1 }),
    reachable: new News(),
    issue: (command) => commands.push(command),
    interrupted: () => (interruptions += 1),
    log: silent,
    signal: over.signal,
  });
  onTestFinished(async () => {
    over.abort();
    await listening;
  });
  return { commands, messages, count: () => ({ connections, interruptions }) };
}
const next = (id: string, payload: object) => JSON.stringify({ type: 'next', id, payload });
const delivered = (command = 'c') => ({ data: { commandIssued: issued(command, [['n1']]) } });
const deliver: Fate = (socket, id) => socket.send(next(id, delivered()));

describe('the line for commands', () => {
  it('carries the credential and the epoch, and delivers', async () => {
    const { commands, messages } = await open([deliver]);
    await until('a command', () => commands.length === 1);
    expect(commands[0]).toEqual(issued('c', [['n1']]));
    expect(messages[0]).toMatchObject({
      type: 'connection_init',
      payload: { authorization: 'Bearer ocm_1' },
    });
    expect(messages[1]).toMatchObject({ type: 'subscribe', payload: { variables: { epoch: 4 } } });
  });

  it('comes back whatever ends it', async () => {
    const codes = [1000, 1001, 1008, 1009, 1011, 1012, 4400, 4401, 4403, 4406, 4409, 4429, 4500];
    const error = { message: 'Epoch 4 is over.' };
    const { commands, count } = await open([
      ...codes.map(
        (code): Fate =>
          (socket) =>
            socket.close(code),
      ),
      (socket) => socket.terminate(),
      (socket, id) => socket.send(JSON.stringify({ type: 'error', id, payload: [error] })),
      (socket, id) => socket.send(next(id, { data: null, errors: [error] })),
      (socket, id) => socket.send(JSON.stringify({ type: 'complete', id })),
      (socket) => socket.send('garbage'),
      deliver,
    ]);
    await until('a command', () => commands.length === 1);
    const ended = codes.length + 5;
    expect(count()).toEqual({ connections: ended + 1, interruptions: ended });
  });

  it('brings nothing any more once it was given up', async () => {
    const { commands } = await open([
      (socket, id) => {
        socket.send(next(id, { data: null, errors: [{ message: 'It failed.' }] }));
        socket.send(next(id, delivered('too late')));
      },
      deliver,
    ]);
    await until('a command', () => commands.some(({ id }) => id === 'c'));
    expect(commands.map(({ id }) => id)).toEqual(['c']);
  });

  it('comes back when it was ended before it was open', async () => {
    const early = (fate: Fate): Fate => Object.assign(fate, { early: true });
    const { commands, count } = await open([
      ...[1000, 1001, 1013, 4401, 4408].map((code) => early((socket) => socket.close(code))),
      early((socket) => socket.terminate()),
      deliver,
    ]);
    await until('a command', () => commands.length === 1);
    expect(count()).toEqual({ connections: 7, interruptions: 6 });
  });
});
