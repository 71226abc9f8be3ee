import { expect, it } from 'vitest';
import { absolute, bytes, duration, momentIn, relative, textOf, timeOfDay } from './time.ts';

const at = Date.UTC(2026, 2, 4, 17, 5, 9);
const MINUTE = 60_000;

it('tells spans in two steps at most', () => {
  expect([0, 999, 4_200, 61_000, 3 * 3_600_000, 200 * MINUTE, 52 * 3_600_000, -5].map(duration)).toEqual([
    '0 s',
    '0 s',
    '4 s',
    '1 min',
    '3 h',
    '3 h 20 min',
    '2 d 4 h',
    '0 s',
  ]);
});

it('tells moments beside now', () => {
  expect(relative(at, at + 500)).toBe('now');
  expect(relative(at, at + 12_000)).toBe('12 s ago');
  expect(relative(at, at - 3 * MINUTE)).toBe('in 3 min');
});

it('tells moments in full', () => {
  expect(absolute(at, true)).toBe('2026-03-04 17:05:09 UTC');
  expect(timeOfDay(at, true)).toBe('17:05:09 UTC');
  expect(absolute(at, false)).toMatch(/^2026-03-0[345] \d\d:\d\d:09 [+-]\d\d:\d\d$/);
});

it('tells bytes', () => {
  expect([0, 1023, 1536, 2 ** 34].map(bytes)).toEqual(['0 B', '1023 B', '1.5 KiB', '16 GiB']);
});

it('reads a moment as it writes it, by either clock', () => {
  for (const utc of [true, false]) {
    const at = momentIn('2026-03-04T17:05', utc)!;
    expect(textOf(at, utc)).toBe('2026-03-04T17:05');
  }
  expect(momentIn('2026-03-04T17:05', true)).toBe('2026-03-04T17:05:00.000Z');
  expect([momentIn('', true), momentIn('soon', true), textOf(null, true)]).toEqual([null, null, '']);
});
