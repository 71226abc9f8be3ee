import type { Outcome } from './client.ts';
import type { Page } from './list.svelte.ts';
import type { Problem } from './problem.ts';

/** A Relay connection as the queries select it. */
interface Connection<Item> {
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  edges: readonly { node: Item }[];
}

/** A query's outcome as a page of the connection that `pick` finds in it; null there means that its owner is gone. */
export function pageOf<Data, Item>(
  outcome: Outcome<Data>,
  pick: (data: Data) => Connection<Item> | null | undefined,
): { page: Page<Item>; problem?: undefined } | { page?: undefined; problem: Problem } {
  if (outcome.problem) return { problem: outcome.problem };
  const connection = pick(outcome.data);
  if (!connection) return { problem: { code: 'NOT_FOUND', message: 'It is not there any more.' } };
  const { totalCount, pageInfo, edges } = connection;
  return { page: { items: edges.map((edge) => edge.node), totalCount, ...pageInfo } };
}
