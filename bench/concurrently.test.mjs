import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concurrently } from './concurrently.mjs';

describe('work done some at a time', () => {
  it('is done with each once, with no more at once than may be, and answered in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        async (turns, atOnce) => {
          let underWay = 0;
          let most = 0;
          const begun = [];
          const answers = await concurrently(atOnce, turns, async (item, index) => {
            begun.push(index);
            most = Math.max(most, ++underWay);
            for (let n = 0; n < item; n++) await turn();
            underWay--;
            return [item, index];
          });
          expect(begun).toEqual(turns.map((_, index) => index));
          expect(answers).toEqual(turns.map((item, index) => [item, index]));
          expect(most).toBe(Math.min(atOnce, turns.length));
        },
      ),
    );
  });

  it('ends with the first that fails, and begins nothing more', async () => {
    const begun = [];
    const done = concurrently(2, [1, 2, 3, 4, 5], async (item) => {
      begun.push(item);
      await turn();
      if (item === 2) throw new Error('no');
    });
    await expect(done).rejects.toThrow('no');
    await turn();
    expect(begun.length).toBeLessThan(5);
  });
});
