import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isMuted } from './offline.ts';

const now = new Date('2026-01-01T00:00:00Z');
const planned = fc.record({
  clusterId: fc.constantFrom('a', 'b'),
  nodeId: fc.constantFrom(null, 'n1', 'n2'),
  reason: fc.constant('r'),
  returnsAt: fc.integer({ min: -2, max: 2 }).map((seconds) => new Date(now.getTime() + seconds * 1000)),
});

it('alerts of a cluster are muted by its own plan, those of a node by its cluster’s too, and until the return only', () => {
  fc.assert(
    fc.property(fc.array(planned, { maxLength: 5 }), (all) => {
      const ahead = all.filter(({ returnsAt }) => returnsAt > now);
      for (const clusterId of ['a', 'b']) {
        const cluster = ahead.some((one) => one.clusterId === clusterId && one.nodeId === null);
        expect(isMuted({ clusterId, nodeId: null }, all, now)).toBe(cluster);
        for (const nodeId of ['n1', 'n2']) {
          const own = ahead.some((one) => one.clusterId === clusterId && one.nodeId === nodeId);
          expect(isMuted({ clusterId, nodeId }, all, now)).toBe(cluster || own);
        }
      }
    }),
  );
});
