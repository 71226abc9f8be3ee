import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';
import { Unreachable } from './client.ts';
import { Outbox } from './outbox.ts';
import { silent } from './testing/silent.ts';
import { until } from './testing/until.ts';

describe('the backoff', () => {
  it('doubles its bound up to the cap, and begins again after a success', () => {
    const backoff = new Backoff({ baseMs: 100, capMs: 1000, random: () => 1 });
    expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(backoff.next(300)).toBe(300);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it('draws from all of it', () => {
    const backoff = new Backoff({ baseMs: 100, capMs: 1000, random: () => 0 });
    expect(backoff.next()).toBe(0);
  });
});

describe('the outbox', () => {
  const outbox = (deliver: () => Promise<void>) => {
    const over = new AbortController();
    const backoff = new Backoff({ baseMs: 1, capMs: 1 });
    return { over, box: new Outbox(deliver, backoff, silent, over.signal) };
  };

  it('tries until it is told, then rests', async () => {
    let attempts = 0;
    const { box, over } = outbox(async () => {
      if (++attempts < 4) throw new Unreachable('away');
    });
    box.poke();
    await box.flushed(over.signal);
    expect(attempts).toBe(4);
    over.abort();
  });

  it('tells once what came while it was telling', async () => {
    const waiting: (() => void)[] = [];
    const { box, over } = outbox(() => new Promise((resolve) => waiting.push(resolve)));
    box.poke();
    await until('it is on its way', () => waiting.length === 1);
    box.poke();
    box.poke();
    waiting[0]!();
    await until('the rest', () => waiting.length === 2);
    waiting[1]!();
    await box.flushed(over.signal);
    expect(waiting).toHaveLength(2);
    over.abort();
  });

  it('does not repeat what is refused for good', async () => {
    let attempts = 0;
    const { box, over } = outbox(async () => {
      attempts += 1;
      throw new Error('never');
    });
    box.poke();
    await box.flushed(over.signal);
    expect(attempts).toBe(1);
    over.abort();
  });
});
