import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

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

describe('turns', () => {
  it('lets so many work at once, and the others in the order in which they came', async () => {
    const turns = new Turns({ atOnce: 2, waiting: 10, full });
    const all = Array.from({ length: 4 }, work);
    const done = all.map(({ run }) => turns.take(run));
    const begun = () => all.map((one) => one.begun());
    expect(begun()).toEqual([true, true, false, false]);
    all[1]!.end();
    await done[1];
    expect(begun()).toEqual([true, true, true, false]);
    all[0]!.end();
    await done[0];
    expect(begun()).toEqual([true, true, true, true]);
    for (const { end } of all) end();
    await Promise.all(done);
  });

  it('goes on after one that failed', async () => {
    const turns = new Turns({ atOnce: 1, waiting: 10, full });
    const failing = turns.take(() => Promise.reject(new Error('no')));
    const next = turns.take(async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
  });

  it('refuses who comes when too many wait', async () => {
    const turns = new Turns({ atOnce: 1, waiting: 1, full });
    const [first, second] = [work(), work()];
    const done = [turns.take(first.run), turns.take(second.run)];
    await expect(turns.take(async () => 0)).rejects.toMatchObject({
      message: full,
      extensions: { code: 'UNAVAILABLE' },
    });
    first.end();
    second.end();
    await Promise.all(done);
  });
});
