import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalGrants, clustersWith, hasRole, hasRoleOverAll, ROLES, type Grant } from './grants.ts';

const over = (role: Grant['role'], ...names: string[]): Grant => ({ role, clusters: { names, labels: [] } });
const overAll = (role: Grant['role']): Grant => ({ role, clusters: null });

const word = fc.constantFrom('a', 'b', 'c');
const grant: fc.Arbitrary<Grant> = fc.record({
  role: fc.constantFrom(...ROLES),
  clusters: fc.option(
    fc.record({ names: fc.array(word), labels: fc.array(fc.record({ key: word, value: word })) }),
  ),
});

describe('grants', () => {
  it('give each role those before it', () => {
    const operator = [over('OPERATOR', 'a')];
    expect(ROLES.map((role) => hasRole(operator, role))).toEqual([true, true, false]);
    expect(clustersWith([...operator, over('VIEWER', 'b')], 'VIEWER')?.flatMap(({ names }) => names)).toEqual(
      ['a', 'b'],
    );
    expect(clustersWith(operator, 'ADMINISTRATOR')).toEqual([]);
    expect(clustersWith([...operator, overAll('VIEWER')], 'VIEWER')).toBeNull();
  });

  it('over chosen clusters give nothing over the whole system', () => {
    expect(hasRoleOverAll([over('ADMINISTRATOR', 'a')], 'VIEWER')).toBe(false);
    expect(hasRoleOverAll([overAll('OPERATOR')], 'VIEWER')).toBe(true);
  });

  it('have one form whatever their order, and without what is given anyway', () => {
    const form = canonicalGrants([over('OPERATOR', 'b', 'a', 'b'), overAll('VIEWER'), over('VIEWER', 'c')]);
    expect(form).toEqual([overAll('VIEWER'), over('OPERATOR', 'a', 'b')]);
    fc.assert(
      fc.property(fc.array(grant), (grants) => {
        const once = canonicalGrants(grants);
        expect(canonicalGrants([...grants].reverse())).toEqual(once);
        expect(canonicalGrants(once)).toEqual(once);
        for (const role of ROLES) {
          expect(hasRole(once, role)).toBe(hasRole(grants, role));
          expect(hasRoleOverAll(once, role)).toBe(hasRoleOverAll(grants, role));
          const names = (some: readonly Grant[]) =>
            clustersWith(some, role)
              ?.flatMap((choice) => choice.names)
              .filter((name, n, all) => all.indexOf(name) === n)
              .sort();
          expect(names(once)).toEqual(names(grants));
        }
      }),
    );
  });
});
