import { describe, expect, it } from 'vitest';
import type { Position } from './event-log.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import { LiveStream } from './live-stream.ts';
import type { Tail } from './tail.ts';

const start: Position = { revision: 1n, mark: 'm' };
const position: Position = { revision: 2n, mark: 'm' };
const prisma = {} as PrismaClient;
const tail = { next: async () => ({ position, events: [] }) } as unknown as Tail;
/** As the driver says it when the server is gone. */
const away = new Error('Connection terminated unexpectedly');

/** A stream that has to ask the database what a batch means to it. */
const asking = (eventOf: () => Promise<{ position: Position }>) =>
  LiveStream.open({ prisma, tail }, start, { snapshot: () => ({ position: start }), eventOf });

describe('a stream that asks the database', () => {
  it('waits while that is away, and tells what it had to tell', async () => {
    let asked = 0;
    const stream = await asking(async () => {
      if (++asked < 3) throw away;
      return { position };
    });
    expect(await stream.next(start, new AbortController().signal)).toEqual({ position });
    expect(asked).toBe(3);
  });

  it('waits no longer than somebody listens', async () => {
    const consumer = new AbortController();
    const stream = await asking(async () => {
      consumer.abort();
      throw away;
    });
    expect(await stream.next(start, consumer.signal)).toBeUndefined();
  });

  it('ends with whatever else went wrong', async () => {
    const stream = await asking(() => Promise.reject(new TypeError('a fault of ours')));
    await expect(stream.next(start, new AbortController().signal)).rejects.toThrow('a fault of ours');
  });
});
