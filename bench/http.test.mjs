import { Agent } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { send } from './http.mjs';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('a request over a kept connection', () => {
  const stops = [];
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  /** Asks so often, one after the other, of a server that does to each request of each connection what is said. */
  async function ask(times, connections) {
    const bodies = [];
    const waiting = [...connections];
    const server = createServer((socket) => {
      const acts = [...(waiting.shift() ?? [])];
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        bodies.push(data.toString().split('\r\n\r\n')[1]);
        acts.shift()?.(socket);
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const via = new Agent({ keepAlive: true, maxSockets: 1 });
    stops.push(() => (via.destroy(), server.close()));
    const answers = [];
    for (let n = 0; n < times; n++) {
      const { status, body } = await send(`http://127.0.0.1:${server.address().port}/`, {
        method: 'POST',
        body: `${n}`,
        via,
      });
      answers.push([status, body.toString()]);
    }
    return { answers, bodies };
  }
  const answer = (socket) => socket.write(OK);
  const hangUp = (socket) => socket.destroy();
  const reset = (socket) => socket.resetAndDestroy();
  const answerInPart = (socket) => socket.end(OK.slice(0, 20));

  it.each([
    ['closes', hangUp],
    ['resets', reset],
  ])('is sent once more over a new one when the server %s it without a word', async (_does, close) => {
    expect(await ask(2, [[answer, close], [answer]])).toEqual({
      answers: [
        [200, 'ok'],
        [200, 'ok'],
      ],
      bodies: ['0', '1', '1'],
    });
  });

  it('is sent no third time', async () => {
    await expect(ask(2, [[answer, hangUp], [hangUp], [answer]])).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
  });

  it('is not sent again when something of the answer has come', async () => {
    await expect(ask(2, [[answer, answerInPart], [answer]])).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('nor over a connection that is new', async () => {
    await expect(ask(1, [[hangUp], [answer]])).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
