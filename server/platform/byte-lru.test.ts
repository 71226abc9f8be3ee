import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteLru } from './byte-lru.ts';

describe('what was used last', () => {
  it('is kept, as far as the bytes reach', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      bytes: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const lru = new ByteLru<number>(10);
        let model: [key: string, bytes: number][] = [];
        for (const { key, bytes } of steps) {
          const known = model.find(([name]) => name === key);
          model = model.filter(([name]) => name !== key);
          if (bytes === undefined) {
            expect(lru.get(key)).toBe(known?.[1]);
            if (known) model.push(known);
          } else {
            lru.set(key, bytes, bytes);
            if (bytes + 1 <= 10) model.push([key, bytes]);
            while (model.reduce((sum, [, size]) => sum + size + 1, 0) > 10) model.shift();
          }
        }
        for (const [key, bytes] of model) expect(lru.get(key)).toBe(bytes);
      }),
    );
  });

  it('is gone when it is cleared', () => {
    const lru = new ByteLru<string>(10);
    lru.set('a', 'x', 9);
    lru.clear();
    expect(lru.get('a')).toBeUndefined();
    lru.set('b', 'y', 9);
    expect(lru.get('b')).toBe('y');
  });
});
