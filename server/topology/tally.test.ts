import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { membershipDigest } from '../../manager/digest.ts';
import { ReportedStatus } from '../platform/generated/prisma/enums.ts';
import { tallyAfter, tallyOf, type TalliedChange } from './tally.ts';

const statuses = fc.constantFrom(...Object.values(ReportedStatus));
const members = fc.dictionary(fc.string({ minLength: 1, maxLength: 3 }), statuses);
const nodesOf = (all: Record<string, ReportedStatus>) =>
  Object.entries(all).map(([name, status]) => ({ name, status }));

describe('the tally of a cluster', () => {
  it('is the same whether its nodes are counted anew or change by change', () => {
    fc.assert(
      fc.property(members, members, (before, told) => {
        const changes: TalliedChange[] = nodesOf(told).map(({ name, status }) => ({
          name,
          status,
          before: Object.hasOwn(before, name) ? before[name]! : null,
        }));
        expect(tallyAfter(tallyOf(nodesOf(before)), changes)).toEqual(
          tallyOf(nodesOf({ ...before, ...told })),
        );
      }),
    );
  });

  it('has the digest that managers make of the nodes that are there', () => {
    fc.assert(
      fc.property(members, (all) => {
        const there = nodesOf(all).filter(({ status }) => status !== 'LEFT');
        expect(tallyOf(nodesOf(all)).digest).toBe(
          membershipDigest(there.map(({ name, status }) => [name, status])),
        );
      }),
    );
  });

  it('does not make up a digest that is not known', () => {
    const { counts } = tallyOf([{ name: 'a', status: 'RUNNING' }]);
    const after = tallyAfter({ counts, digest: null }, [{ name: 'b', before: null, status: 'DOWN' }]);
    expect(after).toMatchObject({ counts: { RUNNING: 1, DOWN: 1 }, digest: null });
  });
});
