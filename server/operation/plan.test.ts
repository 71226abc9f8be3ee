import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchWidth, planOperation, type InventoryCluster, type PlanRequest } from './plan.ts';

const status = fc.constantFrom(
  'DOWN',
  'UNHEALTHY',
  'STOPPING',
  'STARTING',
  'STOPPED',
  'RUNNING',
  'LEFT' as const,
);

const cluster = (index: number): fc.Arbitrary<InventoryCluster> =>
  fc
    .record({
      link: fc.constantFrom('CONNECTED' as const, 'SILENT' as const),
      statuses: fc.array(status, { maxLength: 30 }),
      chosen: fc.option(fc.array(fc.nat(29)), { nil: null }),
    })
    .map(({ link, statuses, chosen }) => ({
      id: `c${index}`,
      name: `cluster-${index}`,
      link,
      nodes: statuses.map((state, n) => ({
        id: `c${index}n${n}`,
        name: `web-${n}`,
        status: state as 'RUNNING',
      })),
      chosen: chosen && new Set(chosen.map((n) => `c${index}n${n}`)),
    }));
const inventory = fc
  .integer({ min: 1, max: 4 })
  .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => cluster(i))));

const rolling = fc.record({
  batchSize: fc.integer({ min: 1, max: 10 }),
  maxUnavailable: fc.integer({ min: 1, max: 10 }),
  healthTimeoutSeconds: fc.constant(60),
  pauseSeconds: fc.constant(0),
  stopAfterFailures: fc.constant(1),
});
const request: fc.Arbitrary<PlanRequest> = fc.oneof(
  rolling.map((strategy) => ({
    kind: 'ROLLING_RESTART' as const,
    mode: 'GRACEFUL' as const,
    rolling: strategy,
  })),
  fc.record({
    kind: fc.constantFrom('RESTART' as const, 'SHUTDOWN' as const),
    mode: fc.constantFrom('GRACEFUL' as const, 'FORCED' as const),
    rolling: fc.constant(null),
  }),
);

describe('a plan', () => {
  it('touches each target once or says why not, and nothing else', () => {
    fc.assert(
      fc.property(request, inventory, (wanted, clusters) => {
        const plan = planOperation(wanted, clusters);
        for (const { id, nodes, chosen } of clusters) {
          const part = plan.clusters.find(({ clusterId }) => clusterId === id)!;
          const touched = part.batches.flat().map((node) => node.id);
          expect(new Set(touched).size).toBe(touched.length);
          const targets = nodes.filter((node) => chosen?.has(node.id) ?? true);
          const left = part.excluded.map(({ node }) => node.id);
          for (const node of targets) {
            const told =
              touched.includes(node.id) || left.includes(node.id) || (node.status === 'LEFT' && !chosen);
            expect(told, `${node.name} ${node.status}`).toBe(true);
          }
          expect([...touched, ...left].every((nodeId) => targets.some((node) => node.id === nodeId))).toBe(
            true,
          );
          expect(touched.some((nodeId) => left.includes(nodeId))).toBe(false);
        }
      }),
    );
  });

  it('never has a batch wider than what may be unavailable, nor an empty one', () => {
    fc.assert(
      fc.property(request, inventory, (wanted, clusters) => {
        for (const { batches } of planOperation(wanted, clusters).clusters) {
          for (const batch of batches) {
            expect(batch.length).toBeGreaterThan(0);
            if (wanted.rolling) expect(batch.length).toBeLessThanOrEqual(batchWidth(wanted.rolling));
          }
          if (!wanted.rolling) expect(batches.length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('does what is broken first: that takes no capacity', () => {
    fc.assert(
      fc.property(request, inventory, (wanted, clusters) => {
        for (const { batches } of planOperation(wanted, clusters).clusters) {
          const healthy = batches.flat().map((node) => node.status === 'RUNNING');
          expect(healthy).toEqual([...healthy].sort());
        }
      }),
    );
  });

  it('has a digest that depends on the deeds and not on the order in which the inventory came', () => {
    fc.assert(
      fc.property(request, inventory, (wanted, clusters) => {
        const { digest } = planOperation(wanted, clusters);
        expect(planOperation(wanted, [...clusters].reverse()).digest).toBe(digest);
        const [first, ...rest] = clusters;
        const more = {
          ...first!,
          chosen: null,
          nodes: [...first!.nodes, { id: 'new', name: 'new', status: 'RUNNING' as const }],
        };
        expect(planOperation(wanted, [more, ...rest]).digest).not.toBe(digest);
      }),
    );
  });

  it('says what an operator should know', () => {
    const shop = (over: Partial<InventoryCluster> = {}): InventoryCluster => ({
      id: 'c',
      name: 'shop',
      link: 'CONNECTED',
      chosen: null,
      nodes: ['a', 'b'].map((name) => ({ id: name, name, status: 'RUNNING' as const })),
      ...over,
    });
    const restart: PlanRequest = { kind: 'RESTART', mode: 'GRACEFUL', rolling: null };
    const warnings = (wanted: PlanRequest, of: InventoryCluster) =>
      planOperation(wanted, [of]).clusters[0]!.warnings.join('\n');
    expect(warnings(restart, shop())).toContain('all 2 running nodes at once');
    expect(warnings(restart, shop({ link: 'SILENT' }))).toContain('no primary manager is heard');
    const stopped = shop({ nodes: [{ id: 'a', name: 'a', status: 'STOPPED' }] });
    expect(warnings(restart, stopped)).toContain('a is stopped on purpose; this starts it');
    const strategy = {
      batchSize: 1,
      maxUnavailable: 1,
      healthTimeoutSeconds: 60,
      pauseSeconds: 0,
      stopAfterFailures: 1,
    };
    const roll: PlanRequest = { kind: 'ROLLING_RESTART', mode: 'GRACEFUL', rolling: strategy };
    const chosen = shop({
      chosen: new Set(['a']),
      nodes: [...shop().nodes, { id: 'c', name: 'c', status: 'DOWN' }],
    });
    expect(warnings(roll, chosen)).toContain('c is not running already: the first batch waits for that');
    expect(planOperation({ ...restart, kind: 'SHUTDOWN' }, [stopped]).warnings[0]).toContain(
      'Nothing would be done',
    );
  });
});
