import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concerns, type ChoosableCluster } from '../../access/grants.ts';
import { isOn, mayBegin, openUntil, opensAfter, shutAt, type Calendar } from './calendar.ts';

const MINUTE = 60_000;
const begin = Date.parse('2026-03-28T00:00:00Z');
/** Some days around the night in which clocks in Berlin are put forward. */
const moment = fc.integer({ min: 0, max: 3 * 24 * 60 }).map((minutes) => new Date(begin + minutes * MINUTE));
const label = fc.record({ key: fc.constantFrom('env', 'tier'), value: fc.constantFrom('a', 'b') });
const choice = fc.option(
  fc.record({
    names: fc.array(fc.constantFrom('c1', 'c2', 'c3'), { maxLength: 2 }),
    labels: fc.array(label, { maxLength: 2 }),
  }),
);
const cluster: fc.Arbitrary<ChoosableCluster> = fc.record({
  name: fc.constantFrom('c1', 'c2', 'c3'),
  labels: fc.uniqueArray(label, { selector: ({ key }) => key }),
});
const calendar: fc.Arbitrary<Calendar> = fc.record({
  freezes: fc.array(
    fc
      .record({ clusters: choice, from: moment, minutes: fc.integer({ min: 1, max: 2000 }) })
      .map(({ clusters, from, minutes }) => ({
        clusters,
        reason: 'r',
        from,
        until: new Date(from.getTime() + minutes * MINUTE),
      })),
    { maxLength: 4 },
  ),
  windows: fc.array(
    fc.record({
      clusters: choice,
      name: fc.constant('w'),
      schedule: fc.constantFrom('30 2 * * *', '0 */6 * * *', '15 22 * * SUN', '0 0 1 1 *'),
      timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata'),
      durationSeconds: fc.integer({ min: 1, max: 8 * 60 }).map((minutes) => minutes * 60),
    }),
    { maxLength: 3 },
  ),
});

describe('the calendar', () => {
  it('lets a cluster go in no freeze, and where it has windows only within one', () => {
    fc.assert(
      fc.property(cluster, moment, calendar, (one, now, given) => {
        const frozen = given.freezes.some((freeze) => concerns(freeze.clusters, one) && isOn(freeze, now));
        const windows = given.windows.filter(({ clusters }) => concerns(clusters, one));
        const open = windows.length === 0 || windows.some((window) => openUntil(window, now) !== null);
        expect(mayBegin(one, now, given)?.rule ?? null).toBe(frozen ? 'FREEZE' : open ? null : 'WINDOW');
      }),
      { numRuns: 300 },
    );
  });

  it('names the first moment at which it may, and looks again no later than that', () => {
    fc.assert(
      fc.property(
        cluster,
        moment,
        calendar,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (one, now, given, part) => {
          const hold = mayBegin(one, now, given);
          if (!hold?.at) return;
          expect(hold.at > now).toBe(true);
          expect(mayBegin(one, hold.at, given), 'free then').toBeNull();
          const before = new Date(now.getTime() + Math.floor(part * (hold.at.getTime() - 1 - now.getTime())));
          expect(mayBegin(one, before, given), 'and not before').not.toBeNull();
          const { nextAt } = shutAt(given, now);
          expect(nextAt !== null && nextAt > now && nextAt <= hold.at, 'the wake').toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('says of all clusters at once what it says of each', () => {
    fc.assert(
      fc.property(cluster, moment, calendar, (one, now, given) => {
        const { frozen, windowed, open } = shutAt(given, now);
        const among = (choices: typeof frozen) => choices.some((clusters) => concerns(clusters, one));
        const shut = among(frozen) || (among(windowed) && !among(open));
        expect(mayBegin(one, now, given) !== null).toBe(shut);
      }),
      { numRuns: 300 },
    );
  });

  it('opens by the clock of its place, also in the night in which that is put forward', () => {
    const night = { schedule: '30 2 * * *', timeZone: 'Europe/Berlin', durationSeconds: 1800 };
    expect(opensAfter(night, new Date('2026-03-27T12:00:00Z'))).toEqual(new Date('2026-03-28T01:30:00Z'));
    expect(opensAfter(night, new Date('2026-03-29T12:00:00Z'))).toEqual(new Date('2026-03-30T00:30:00Z'));
    expect(openUntil(night, new Date('2026-03-28T01:29:59.999Z'))).toBeNull();
    expect(openUntil(night, new Date('2026-03-28T01:30:00Z'))).toEqual(new Date('2026-03-28T02:00:00Z'));
    expect(openUntil(night, new Date('2026-03-28T01:59:59.999Z'))).toEqual(new Date('2026-03-28T02:00:00Z'));
    expect(openUntil(night, new Date('2026-03-28T02:00:00Z'))).toBeNull();
  });

  it('takes by one of the names or by all of the labels, and by nothing none', () => {
    const shop = { name: 'shop', labels: [{ key: 'env', value: 'a' }] };
    const both = [...shop.labels, { key: 'tier', value: 'b' }];
    expect(concerns(null, shop)).toBe(true);
    expect(concerns({ names: [], labels: [] }, shop)).toBe(false);
    expect(concerns({ names: ['shop'], labels: both }, shop)).toBe(true);
    expect(concerns({ names: ['other'], labels: both }, shop)).toBe(false);
    expect(concerns({ names: [], labels: shop.labels }, shop)).toBe(true);
  });
});
