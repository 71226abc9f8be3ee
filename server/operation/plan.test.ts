import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchWidth, type InventoryNode } from './batches.ts';
import { planOperation, type InventoryCluster, type PlanRequest } from './plan.ts';
import { ONE_WAVE, ROLLING_ORDERS, type Amount, type RollingStrategy } from './strategy.ts';

const node = (name: string, status: InventoryNode['status'] = 'RUNNING'): InventoryNode => ({
  id: name,
  name,
  status,
  zone: null,
  role: null,
  startedAt: null,
});

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
      labels: [{ key: 'tier', value: index % 2 ? 'canary' : 'rest' }],
      link,
      nodes: statuses.map((state, n) => ({
        ...node(`web-${n}`, state as 'RUNNING'),
        id: `c${index}n${n}`,
        zone: [null, 'a', 'b'][n % 3]!,
        role: n % 4 === 0 ? 'primary' : null,
      })),
      chosen: chosen && new Set(chosen.map((n) => `c${index}n${n}`)),
    }));
const inventory = fc
  .integer({ min: 1, max: 4 })
  .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => cluster(i))));

const amount: fc.Arbitrary<Amount> = fc.oneof(
  fc.record({ count: fc.integer({ min: 0, max: 10 }) }),
  fc.record({ percent: fc.integer({ min: 0, max: 100 }) }),
);
const rolling: fc.Arbitrary<RollingStrategy> = fc.record({
  batchSize: amount,
  maxUnavailable: amount,
  byZone: fc.boolean(),
  order: fc.constantFrom(...ROLLING_ORDERS),
  lastRoles: fc.constantFrom([], ['primary']),
  healthTimeoutSeconds: fc.constant(60),
  minHealthySeconds: fc.constant(0),
  pauseSeconds: fc.constant(0),
  stopAfterFailures: amount,
});
const rollout = fc.constantFrom(ONE_WAVE, {
  ...ONE_WAVE,
  waves: [
    {
      name: 'canary',
      choice: { by: 'labels' as const, labels: [{ key: 'tier', value: 'canary' }] },
      manualGate: true,
      soakSeconds: 60,
    },
    {
      name: 'some',
      choice: { by: 'amount' as const, amount: { percent: 30 } },
      manualGate: false,
      soakSeconds: null,
    },
  ],
});
const request: fc.Arbitrary<PlanRequest> = fc.oneof(
  fc.record({
    kind: fc.constant('ROLLING_RESTART' as const),
    mode: fc.constant('GRACEFUL' as const),
    rollout,
    rolling,
  }),
  fc.record({
    kind: fc.constantFrom('RESTART' as const, 'SHUTDOWN' as const, 'START' as const),
    mode: fc.constantFrom('GRACEFUL' as const, 'FORCED' as const),
    rollout,
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
        for (const { batches, limits } of planOperation(wanted, clusters).clusters) {
          for (const batch of batches) {
            expect(batch.length).toBeGreaterThan(0);
            if (limits) expect(batch.length).toBeLessThanOrEqual(batchWidth(limits));
          }
          if (!wanted.rolling) expect(batches.length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('does what is broken first, within a zone and among the roles that may go first: that takes no capacity', () => {
    fc.assert(
      fc.property(request, inventory, (wanted, clusters) => {
        for (const { batches } of planOperation(wanted, clusters).clusters) {
          const groups = new Map<string, boolean[]>();
          for (const { zone, role, status: state } of batches.flat()) {
            const last = role !== null && wanted.rolling?.lastRoles.includes(role);
            const key = `${last} ${wanted.rolling?.byZone ? zone : ''}`;
            groups.set(key, [...(groups.get(key) ?? []), state === 'RUNNING']);
          }
          for (const healthy of groups.values()) expect(healthy).toEqual([...healthy].sort());
        }
      }),
    );
  });

  it('keeps zones apart where that is wanted, and the last roles for the end', () => {
    fc.assert(
      fc.property(request, inventory, (wanted, clusters) => {
        if (!wanted.rolling) return;
        const { byZone, lastRoles } = wanted.rolling;
        for (const { batches } of planOperation(wanted, clusters).clusters) {
          const isLast = ({ role }: InventoryNode) => role !== null && lastRoles.includes(role);
          const last = batches.map((batch) => batch.some(isLast));
          expect(last).toEqual([...last].sort());
          for (const batch of batches) {
            expect(new Set(batch.map(isLast)).size).toBe(1);
            if (byZone) expect(new Set(batch.map(({ zone }) => zone)).size).toBe(1);
          }
        }
      }),
    );
  });

  it('has each cluster in which something is done in exactly one wave, in the waves’ order', () => {
    fc.assert(
      fc.property(request, inventory, (wanted, clusters) => {
        const plan = planOperation(wanted, clusters);
        const touched = plan.clusters.filter(({ batches }) => batches.length > 0);
        expect(plan.waves.flatMap(({ clusterIds }) => clusterIds)).toEqual(
          touched.map(({ clusterId }) => clusterId),
        );
        expect(plan.waves.map(({ index }) => index)).toEqual(plan.waves.map((_, index) => index));
        for (const { wave, batches } of plan.clusters) expect(wave === null).toBe(batches.length === 0);
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
          nodes: [...first!.nodes, node('new', wanted.kind === 'START' ? 'STOPPED' : 'RUNNING')],
        };
        expect(planOperation(wanted, [more, ...rest]).digest).not.toBe(digest);
      }),
    );
  });

  it('says what an operator should know', () => {
    const shop = (over: Partial<InventoryCluster> = {}): InventoryCluster => ({
      id: 'c',
      name: 'shop',
      labels: [],
      link: 'CONNECTED',
      chosen: null,
      nodes: [node('a'), node('b')],
      ...over,
    });
    const restart: PlanRequest = { kind: 'RESTART', mode: 'GRACEFUL', rollout: ONE_WAVE, rolling: null };
    const warnings = (wanted: PlanRequest, of: InventoryCluster) =>
      planOperation(wanted, [of]).clusters[0]!.warnings.join('\n');
    expect(warnings(restart, shop())).toContain('all 2 running nodes at once');
    expect(warnings(restart, shop({ link: 'SILENT' }))).toContain('no primary manager is heard');
    const stopped = shop({ nodes: [node('a', 'STOPPED')] });
    expect(warnings(restart, stopped)).toContain('a is stopped on purpose; this starts it');
    const strategy: RollingStrategy = {
      batchSize: { count: 1 },
      maxUnavailable: { count: 1 },
      byZone: false,
      order: 'NAME',
      lastRoles: [],
      healthTimeoutSeconds: 60,
      minHealthySeconds: 0,
      pauseSeconds: 0,
      stopAfterFailures: { count: 1 },
    };
    const roll: PlanRequest = { ...restart, kind: 'ROLLING_RESTART', rolling: strategy };
    const chosen = shop({
      chosen: new Set(['a']),
      nodes: [...shop().nodes, node('c', 'DOWN')],
    });
    expect(warnings(roll, chosen)).toContain('c is not running already: the first batch waits for that');
    expect(planOperation({ ...restart, kind: 'SHUTDOWN' }, [stopped]).warnings[0]).toContain(
      'Nothing would be done',
    );
  });
});
