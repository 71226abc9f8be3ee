import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeRound } from './round.ts';

const turns = fc.array(
  fc.record({ clusterId: fc.constantFrom('a', 'b', 'c', 'd'), nodes: fc.integer({ min: 0, max: 30 }) }),
  { maxLength: 30 },
);
const limits = fc.record({ reports: fc.integer({ min: 1, max: 5 }), nodes: fc.integer({ min: 1, max: 40 }) });

describe('a round', () => {
  it('takes each report once and in the order of its cluster, until none waits', () => {
    fc.assert(
      fc.property(turns, limits, (all, most) => {
        const numbered = all.map((turn, number) => ({ ...turn, number }));
        const taken: typeof numbered = [];
        let waiting = numbered;
        while (waiting.length > 0) {
          const { round, rest } = takeRound(waiting, most);
          expect(round.length).toBeGreaterThan(0);
          taken.push(...round);
          waiting = rest;
        }
        expect(taken).toHaveLength(all.length);
        for (const cluster of ['a', 'b', 'c', 'd']) {
          const numbers = taken.filter(({ clusterId }) => clusterId === cluster).map(({ number }) => number);
          expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
        }
      }),
    );
  });

  it('has at most one report of a cluster and keeps to its limits, but for one that is larger by itself', () => {
    fc.assert(
      fc.property(turns, limits, (all, most) => {
        const { round } = takeRound(all, most);
        expect(new Set(round.map(({ clusterId }) => clusterId)).size).toBe(round.length);
        expect(round.length).toBeLessThanOrEqual(most.reports);
        const nodes = round.reduce((sum, turn) => sum + turn.nodes, 0);
        expect(round.length === 1 || nodes <= most.nodes).toBe(true);
      }),
    );
  });

  it('has none of a cluster that is in a round under way', () => {
    fc.assert(
      fc.property(turns, limits, fc.subarray(['a', 'b', 'c', 'd']), (all, most, underWay) => {
        const { round, rest } = takeRound(all, most, underWay);
        expect(round.filter(({ clusterId }) => underWay.includes(clusterId))).toEqual([]);
        const others = all.filter(({ clusterId }) => !underWay.includes(clusterId));
        expect(round).toEqual(takeRound(others, most).round);
        expect(round.length + rest.length).toBe(all.length);
      }),
    );
  });
});
