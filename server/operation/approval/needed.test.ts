import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concerns } from '../../access/grants.ts';
import { approvalsNeeded } from './needed.ts';

const label = fc.record({ key: fc.constantFrom('env', 'tier'), value: fc.constantFrom('a', 'b') });
const names = fc.constantFrom('c1', 'c2', 'c3');
const rule = fc.record({
  clusters: fc.option(
    fc.record({ names: fc.array(names, { maxLength: 2 }), labels: fc.array(label, { maxLength: 2 }) }),
  ),
  approvals: fc.integer({ min: 1, max: 5 }),
});
const cluster = fc.record({ name: names, labels: fc.array(label, { maxLength: 2 }) });

it('as many approve as the strategy says and as each rule for one of the clusters says, and no more', () => {
  fc.assert(
    fc.property(
      fc.nat(3),
      fc.array(cluster, { minLength: 1, maxLength: 4 }),
      fc.array(rule, { maxLength: 4 }),
      (approvals, clusters, rules) => {
        const needed = approvalsNeeded({ approvals }, clusters, rules);
        const asked = rules.filter((one) => clusters.some((each) => concerns(one.clusters, each)));
        expect(needed).toBeGreaterThanOrEqual(approvals);
        for (const one of asked) expect(needed).toBeGreaterThanOrEqual(one.approvals);
        expect([approvals, ...asked.map((one) => one.approvals)]).toContain(needed);
      },
    ),
  );
});
