import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

const full = 'Too many.';

/** Work that ends when it is told to. */
function work() {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  let begun = false;
  return {
    run: async () => {
      begun = true;
      await ended;
    },
    end,
    begun: () => begun,
  };
}

describe('a fair queue', () => {
  it('never does more at once than it may, nor two of a key, keeps the order of each, and does all', async () => {
    const asked = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), pauses: fc.nat(4) }), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(asked, fc.integer({ min: 1, max: 3 }), async (all, atOnce) => {
        const queue = new FairQueue({ atOnce, waiting: 100, full });
        const underWay: string[] = [];
        const done: { key: string; index: number }[] = [];
        await Promise.all(
          all.map(({ key, pauses }, index) =>
            queue.take(key, async () => {
              expect(underWay).not.toContain(key);
              underWay.push(key);
              expect(underWay.length).toBeLessThanOrEqual(atOnce);
              for (let n = 0; n < pauses; n++) await setImmediate();
              underWay.splice(underWay.indexOf(key), 1);
              done.push({ key, index });
            }),
          ),
        );
        for (const key of 'abcd') {
          const of = all.flatMap((one, index) => (one.key === key ? [index] : []));
          expect(done.filter((one) => one.key === key).map(({ index }) => index)).toEqual(of);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('lets one that comes later go before all of one that floods it', async () => {
    const queue = new FairQueue({ atOnce: 1, waiting: 1000, full });
    const order: string[] = [];
    const flood = Array.from({ length: 500 }, () =>
      queue.take('flood', async () => void order.push('flood')),
    );
    await queue.take('other', async () => void order.push('other'));
    expect(order.length).toBeLessThanOrEqual(3);
    await Promise.all(flood);
    expect(order).toHaveLength(501);
  });

  it('goes on after one that failed', async () => {
    const queue = new FairQueue({ atOnce: 1, waiting: 10, full });
    const failing = queue.take('a', () => Promise.reject(new Error('no')));
    const next = queue.take('a', async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
  });

  it('refuses what comes when too much of its key waits, and nothing of another', async () => {
    const queue = new FairQueue({ atOnce: 2, waiting: 1, full });
    const [first, second] = [work(), work()];
    const done = [queue.take('a', first.run), queue.take('a', second.run)];
    await expect(queue.take('a', async () => 0)).rejects.toMatchObject({
      message: full,
      extensions: { code: 'UNAVAILABLE' },
    });
    expect(await queue.take('b', async () => 'at once')).toBe('at once');
    expect(second.begun()).toBe(false);
    first.end();
    second.end();
    await Promise.all(done);
  });
});
