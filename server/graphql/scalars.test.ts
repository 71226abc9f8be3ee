import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../platform/errors.ts';
import { dateTime } from './scalars.ts';

describe('a DateTime', () => {
  it('is the moment that was written, in whatever zone', () => {
    const date = fc.date({
      min: new Date('0001-01-02T00:00:00Z'),
      max: new Date('9999-12-30T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, fc.integer({ min: -14 * 60, max: 14 * 60 }), (moment, ahead) => {
        const there = new Date(moment.getTime() + ahead * 60_000).toISOString().slice(0, -1);
        const [hours, minutes] = [Math.floor(Math.abs(ahead) / 60), Math.abs(ahead) % 60];
        const zone = `${ahead < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
        expect(dateTime.parseValue(there + zone)).toEqual(moment);
      }),
    );
  });

  it.each([
    '2026-02-29T12:00:00Z',
    '2026-02-30T12:00:00Z',
    '2026-04-31T00:00:00+02:00',
    '2026-13-01T00:00:00Z',
    '2026-01-32T00:00:00Z',
    '2026-01-01T25:00:00Z',
    '2026-01-01T12:00:00',
    '2026-01-01',
    '0000-01-01T00:00:00Z',
    'tomorrow',
    1767225600000,
  ])('is not %s', (value) => {
    expect(() => dateTime.parseValue(value)).toThrow(AppError);
  });

  it('is a day of a leap year', () => {
    expect(dateTime.parseValue('2028-02-29T12:00:00Z')).toEqual(new Date(Date.UTC(2028, 1, 29, 12)));
  });
});
