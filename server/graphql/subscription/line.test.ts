import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { Line, TRY_AGAIN_LATER } from './line.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A line of which so much waits; `take` is what its client does. */
function waiting(bytes: number) {
  const connection = Object.assign(new EventEmitter(), { bytesWritten: bytes, writableLength: bytes });
  const closed = vi.fn();
  const webSocket = Object.assign(new EventEmitter(), {
    ...{ OPEN: 1, readyState: 1, close: closed, pause: vi.fn(), terminate: vi.fn() },
  });
  const take = (some: number) => {
    connection.writableLength -= some;
    if (connection.writableLength === 0) connection.emit('drain');
  };
  return {
    line: new Line(webSocket as unknown as WebSocket, connection as unknown as Socket),
    ...{ take, closed },
  };
}

it('a line that takes little at a time is waited for as long as it takes anything', async () => {
  const { line, take, closed } = waiting(100);
  let drained = false;
  void line.drained().then(() => (drained = true));
  for (let minute = 0; minute < 10; minute++) {
    await vi.advanceTimersByTimeAsync(9000);
    take(10);
    await vi.advanceTimersByTimeAsync(0);
    expect(drained).toBe(minute === 9);
  }
  await vi.advanceTimersByTimeAsync(60_000);
  expect(closed).not.toHaveBeenCalled();
});

it('one that takes nothing for long is cut off', async () => {
  const { line, take, closed } = waiting(100);
  void line.drained();
  await vi.advanceTimersByTimeAsync(9000);
  take(10);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(closed).toHaveBeenCalledWith(TRY_AGAIN_LATER, 'Too slow');
});
