import type { Enum, VariablesOf } from '$lib/kit/graphql.ts';
import { oneOf, someOf, text } from '$lib/kit/url.svelte.ts';
import { CLUSTER_STATUSES, NODE_STATUSES } from '$lib/live/severity.ts';
import type { SystemClusters } from './system-queries.ts';

export const ORDERS = { WORST_FIRST: 'worst first', NAME: 'by name', NEWEST_FIRST: 'newest first' } as const;

/** What the system page shows, as its URL says it. */
export interface SystemView {
  view: 'map' | 'table';
  search: string;
  status: Enum<'ClusterStatus'>[];
  kind: string[];
  labels: { key: string; value: string }[];
  order: Enum<'ClusterOrder'>;
  /** Nodes of this status are listed and stand out on the map. */
  node: Enum<'NodeStatus'> | undefined;
}

/** Reads a view from a URL's parameters; what it does not know is dropped. */
export function readView(params: URLSearchParams): SystemView {
  return {
    view: oneOf(params.get('view'), ['map', 'table']) ?? 'map',
    search: text(params.get('q')).trim(),
    status: someOf(params.getAll('status'), CLUSTER_STATUSES),
    kind: distinct(params.getAll('kind').map(text)),
    labels: distinct(params.getAll('label').map(text)).flatMap(readLabel),
    order: oneOf(params.get('order'), Object.keys(ORDERS) as Enum<'ClusterOrder'>[]) ?? 'WORST_FIRST',
    node: oneOf(params.get('node'), NODE_STATUSES),
  };
}

/** The same view as parameters: what a URL should say. */
export function writeView(view: SystemView): Record<string, string | string[] | undefined> {
  return {
    view: view.view === 'map' ? undefined : view.view,
    q: view.search,
    status: view.status,
    kind: view.kind,
    label: view.labels.map(({ key, value }) => `${key}=${value}`),
    order: view.order === 'WORST_FIRST' ? undefined : view.order,
    node: view.node,
  };
}

/** The view's filter for the API; undefined when everything is wanted. */
export function clusterFilter(view: SystemView): VariablesOf<typeof SystemClusters>['filter'] {
  const { search, status, kind, labels } = view;
  if (!isFiltered(view)) return undefined;
  return {
    ...(search ? { search } : {}),
    ...(status.length > 0 ? { status } : {}),
    ...(kind.length > 0 ? { kind } : {}),
    ...(labels.length > 0 ? { labels } : {}),
  };
}

/** Whether the view leaves clusters out. */
export function isFiltered({ search, status, kind, labels }: SystemView): boolean {
  return search !== '' || status.length + kind.length + labels.length > 0;
}

function readLabel(pair: string): { key: string; value: string }[] {
  const at = pair.indexOf('=');
  return at > 0 ? [{ key: pair.slice(0, at), value: pair.slice(at + 1) }] : [];
}

function distinct(values: string[]): string[] {
  return [...new Set(values.filter((value) => value !== ''))].slice(0, 50);
}
