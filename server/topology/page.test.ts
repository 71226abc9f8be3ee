import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReportedStatus } from '../platform/generated/prisma/enums.ts';
import { pageRanges, possibleStatuses, type Position, type Range } from './page.ts';

const STATUSES = Object.values(ReportedStatus);
const KEYS = ['status', 'name', 'id'] as const;

const rank = (node: Position, key: (typeof KEYS)[number]) =>
  key === 'status' ? STATUSES.indexOf(node.status) : node[key];
function compare(a: Position, b: Position, keys: readonly (typeof KEYS)[number][]): number {
  for (const key of keys) {
    if (rank(a, key) !== rank(b, key)) return rank(a, key) < rank(b, key) ? -1 : 1;
  }
  return 0;
}

type Rules = Record<string, string | { gt?: string; lt?: string }>;

/** What the database answers to a range. */
function select(nodes: readonly Position[], { where, orderBy }: Range): Position[] {
  const passes = (node: Position) =>
    Object.entries(where as Rules).every(([key, rule]) => {
      const value = node[key as keyof Position];
      if (typeof rule === 'string') return value === rule;
      return rule.gt === undefined ? value < rule.lt! : value > rule.gt;
    });
  const keys = orderBy.flatMap((part) => Object.keys(part) as (typeof KEYS)[number][]);
  const descending = Object.values(orderBy[0]!)[0] === 'desc';
  return nodes.filter(passes).sort((a, b) => compare(a, b, keys) * (descending ? -1 : 1));
}

const position = fc.record({
  status: fc.constantFrom(...STATUSES),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  id: fc.constantFrom('1', '2', '3', '4', '5'),
});

describe('the ranges of a page', () => {
  it('are all that lies beyond the position, in order', () => {
    const request = fc.record({
      order: fc.constantFrom('WORST_FIRST' as const, 'NAME' as const),
      backward: fc.boolean(),
      from: fc.option(position, { nil: undefined }),
      statuses: fc.subarray(STATUSES),
    });
    const nodes = fc.uniqueArray(position, { selector: ({ name, id }) => `${name} ${id}` });
    fc.assert(
      fc.property(nodes, request, (all, page) => {
        const listed = all.filter(({ status }) => page.statuses.includes(status));
        const keys = page.order === 'NAME' ? (['name', 'id'] as const) : KEYS;
        const { from, backward } = page;
        const expected = listed
          .sort((a, b) => compare(a, b, keys) * (backward ? -1 : 1))
          .filter((node) => !from || compare(node, from, keys) * (backward ? -1 : 1) > 0);
        expect(pageRanges(page).flatMap((range) => select(listed, range))).toEqual(expected);
      }),
    );
  });

  it('leave out statuses that the filter does not let pass', () => {
    expect(possibleStatuses({})).toEqual(STATUSES.filter((status) => status !== 'LEFT'));
    expect(possibleStatuses({ includeLeft: true })).toEqual(STATUSES);
    expect(possibleStatuses({ status: ['DOWN', 'LEFT'] })).toEqual(['DOWN', 'LEFT']);
    expect(possibleStatuses({ status: ['UNKNOWN', 'DOWN'] })).not.toContain('LEFT');
    expect(possibleStatuses({ status: ['DOWN'], includeLeft: true })).toEqual(['DOWN']);
    expect(possibleStatuses({ status: [] })).toEqual([]);
  });
});
