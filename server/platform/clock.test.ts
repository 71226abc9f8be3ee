import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clockOffset } from './clock.ts';

const millis = fc.integer({ min: 0, max: 2 ** 45 });

it('the offset is never further from the truth than half the round trip', () => {
  fc.assert(
    fc.property(
      millis,
      fc.integer(),
      fc.nat(2000),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (before, ahead, trip, at) => {
        const database = before + trip * at + ahead;
        const offset = clockOffset({ before, database, after: before + trip }, undefined);
        expect(Math.abs(offset - ahead)).toBeLessThanOrEqual(trip / 2 + 0.01);
      },
    ),
  );
});

it('a slow answer does not change what is known, and is better than nothing', () => {
  const slow = { before: 0, database: 50_000, after: 8000 };
  expect(clockOffset(slow, 3)).toBe(3);
  expect(clockOffset(slow, undefined)).toBe(46_000);
  expect(clockOffset({ ...slow, after: 10 }, 3)).toBe(49_995);
});
