import { query, type Outcome } from '$lib/kit/client.ts';
import type { ResultOf, VariablesOf } from '$lib/kit/graphql.ts';
import { ClusterNodeNames } from './cluster-queries.ts';

type NamesPage = ResultOf<typeof ClusterNodeNames>;
type NodeNames = NonNullable<NamesPage['cluster']>['nodes'];

/** Ids of all nodes of a cluster that pass a filter, whatever their number, 500 a request. */
export async function allNodes(
  id: string,
  filter: VariablesOf<typeof ClusterNodeNames>['filter'],
): Promise<Outcome<{ id: string }[]>> {
  const found: { id: string }[] = [];
  let after: string | null = null;
  do {
    const outcome: Outcome<NamesPage> = await query(ClusterNodeNames, { id, after, filter });
    if (outcome.problem) return outcome;
    const nodes: NodeNames | undefined = outcome.data.cluster?.nodes;
    if (!nodes) return { problem: { code: 'NOT_FOUND', message: 'The cluster is not there any more.' } };
    found.push(...nodes.edges.map(({ node }) => node));
    after = nodes.pageInfo.hasNextPage ? nodes.pageInfo.endCursor : null;
  } while (after !== null);
  return { data: found };
}
