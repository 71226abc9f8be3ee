import { expect, it } from 'vitest';
import { differences } from './digest.ts';
import { planOperation, type InventoryCluster, type PlanRequest } from './plan.ts';
import { ONE_WAVE } from './strategy.ts';

const restart: PlanRequest = { kind: 'RESTART', mode: 'GRACEFUL', rollout: ONE_WAVE, rolling: null };
const cluster = (name: string, ...nodes: string[]): InventoryCluster => ({
  id: name,
  name,
  labels: [],
  link: 'CONNECTED',
  chosen: null,
  nodes: nodes.map((node) => ({
    id: `${name} ${node}`,
    name: node,
    status: 'RUNNING',
    zone: null,
    role: null,
    startedAt: null,
  })),
});

it('a digest tells how another plan differs from its own', () => {
  const { digest } = planOperation(restart, [cluster('a', '1'), cluster('b', '1'), cluster('c', '1')]);
  const told = (request: PlanRequest, ...inventory: InventoryCluster[]) =>
    differences(digest, planOperation(request, inventory));
  expect(told(restart, cluster('c', '1'), cluster('b', '1'), cluster('a', '1'))).toEqual([]);
  expect(told(restart, cluster('a', '1'), cluster('b', '1', '2'), cluster('d', '1'))).toEqual([
    'New in it: d.',
    'With other nodes, batches or limits: b.',
    'No longer in it: 1 cluster.',
  ]);
  expect(
    told({ ...restart, mode: 'FORCED' }, cluster('a', '1'), cluster('b', '1'), cluster('c', '1')),
  ).toEqual(['The kind, the strategy or the waves are others.']);
  expect(differences('nix', planOperation(restart, []))).toEqual(['The digest is of no plan.']);
});
