import { expect, it } from 'vitest';
import type { NodeRow } from './fragments.ts';
import { TopologyStore } from './store.svelte.ts';

const node = (n: number, status: NodeRow['status'] = 'RUNNING'): NodeRow => ({
  id: `${n}`,
  name: `web-${n}`,
  cluster: { id: 'shop', name: 'shop' },
  status,
  reportedStatus: status,
  statusReason: null,
  statusSince: '2026-01-01T00:00:00Z',
  reportedAt: '2026-01-01T00:00:00Z',
  role: null,
  host: null,
  zone: null,
  version: null,
  pid: null,
  address: null,
  startedAt: null,
  restarts: 0,
  leftAt: null,
});
const nodes = (count: number) => Array.from({ length: count }, (_, n) => node(n));
const delta = (...changed: NodeRow[]) => ({ clusters: [], nodes: changed, operations: [] });

it('keeps as many cells of a cluster as were asked for, the worst ones', () => {
  const store = new TopologyStore();
  store.putCells('shop', nodes(200), 200, store.begin());
  store.apply(delta(node(150, 'DOWN')));
  expect(store.cellsOf('shop')).toHaveLength(200);
  expect(store.cellsOf('shop')[0]?.name).toBe('web-150');
  store.putCells('shop', nodes(60), 60, store.begin());
  store.apply(delta(node(300, 'DOWN')));
  expect(store.cellsOf('shop')).toHaveLength(60);
  expect(store.cellsOf('shop')[0]?.name).toBe('web-300');
  store.apply(delta(node(300, 'LEFT')));
  expect(store.cellsOf('shop').map(({ name }) => name)).not.toContain('web-300');
});

it('holds no node that no page asked for', () => {
  const store = new TopologyStore();
  store.putNodes([node(1)], store.begin());
  store.apply(delta(node(1, 'DOWN'), node(2, 'DOWN')));
  expect([store.nodes.get('1')?.status, store.nodes.get('2')]).toEqual(['DOWN', undefined]);
});

it('lets lists be asked for anew when a status is another one, and not for each word of the same', () => {
  const store = new TopologyStore();
  store.apply(delta(node(1)));
  expect(store.touched.nodeLists, 'nothing was known of it').toBe(true);
  store.apply(delta({ ...node(1), restarts: 1 }));
  expect(store.touched.nodeLists).toBe(false);
  store.apply(delta(node(1, 'DOWN')));
  expect(store.touched.nodeLists).toBe(true);
});

it('shows a cell as the stream told it while the answer was under way', () => {
  const store = new TopologyStore();
  const begun = store.begin();
  store.apply(delta(node(1, 'DOWN')));
  store.putCells('shop', [node(1), node(2)], 60, begun);
  expect(store.cellsOf('shop').map(({ status }) => status)).toEqual(['DOWN', 'RUNNING']);
});
