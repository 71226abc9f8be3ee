import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterStatus } from '../platform/generated/prisma/enums.ts';
import { COUNTED_STATUSES, clusterStatus, effectiveStatus, systemStatus, type NodeCounts } from './status.ts';

const none = Object.fromEntries(COUNTED_STATUSES.map((status) => [status, 0])) as NodeCounts;
const counts = fc.record(
  Object.fromEntries(COUNTED_STATUSES.map((status) => [status, fc.nat(5)])) as Record<
    keyof NodeCounts,
    fc.Arbitrary<number>
  >,
);

describe('a cluster’s status', () => {
  it('is unknown while its manager is silent, whatever was reported last', () => {
    fc.assert(fc.property(counts, (nodes) => clusterStatus(nodes, 'SILENT').status === 'UNKNOWN'));
  });

  it('is healthy only when no node is down, unhealthy or on its way', () => {
    fc.assert(
      fc.property(counts, (nodes) => {
        const { status } = clusterStatus(nodes, 'CONNECTED');
        const wrong = nodes.DOWN + nodes.UNHEALTHY + nodes.STARTING + nodes.STOPPING;
        if (status === 'HEALTHY') expect([wrong, nodes.RUNNING > 0]).toEqual([0, true]);
        else expect(wrong + Number(nodes.RUNNING === 0)).toBeGreaterThan(0);
      }),
    );
  });

  it.each([
    [{}, 'EMPTY', 'The manager reports no node.'],
    [{ RUNNING: 1 }, 'HEALTHY', 'All 1 node running.'],
    [{ RUNNING: 3 }, 'HEALTHY', 'All 3 nodes running.'],
    [{ RUNNING: 2, STOPPED: 1 }, 'HEALTHY', '2 of 3 nodes running, 1 stopped on purpose.'],
    [{ STOPPED: 2 }, 'DOWN', 'All 2 nodes are stopped on purpose.'],
    [{ RUNNING: 2, DOWN: 1, UNHEALTHY: 1 }, 'DEGRADED', '1 down, 1 unhealthy of 4 nodes.'],
    [{ DOWN: 2 }, 'DOWN', '2 down of 2 nodes.'],
    [{ RUNNING: 2, STARTING: 1 }, 'CHANGING', '1 of 3 nodes starting or stopping.'],
  ] as const)('of %o is %s: %s', (nodes, status, reason) => {
    expect(clusterStatus({ ...none, ...nodes }, 'CONNECTED')).toEqual({ status, reason });
  });
});

describe('the system’s status', () => {
  it('is never better than that of a cluster that is down or degraded', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Object.values(ClusterStatus)), { maxLength: 10 }),
        (clusters) => {
          const grouped: Partial<Record<ClusterStatus, number>> = {};
          for (const status of clusters) grouped[status] = (grouped[status] ?? 0) + 1;
          const { status } = systemStatus(grouped);
          if (clusters.length === 0) expect(status).toBe('EMPTY');
          else if (clusters.every((each) => each === 'DOWN')) expect(status).toBe('DOWN');
          else if (clusters.some((each) => each === 'DOWN' || each === 'DEGRADED'))
            expect(status).toBe('DEGRADED');
          else expect(['DOWN', 'DEGRADED']).not.toContain(status);
        },
      ),
    );
  });

  it('says how many clusters are in trouble', () => {
    expect(systemStatus({ DEGRADED: 1, UNKNOWN: 2, HEALTHY: 7 })).toEqual({
      status: 'DEGRADED',
      reason: '1 degraded, 2 unknown of 10 clusters.',
    });
  });
});

it('a node is unknown while its manager is silent, unless it had left', () => {
  expect(effectiveStatus('RUNNING', true)).toBe('UNKNOWN');
  expect(effectiveStatus('LEFT', true)).toBe('LEFT');
  expect(effectiveStatus('DOWN', false)).toBe('DOWN');
});
