import { graphql } from '$lib/kit/graphql.ts';
import { ClusterRow, NodeCell, NodeRow, SystemHead } from '$lib/live/fragments.ts';

export const SystemClusters = graphql(
  `
    query SystemClusters(
      $first: Int!
      $after: String
      $filter: ClusterFilter
      $order: ClusterOrder!
      $cells: Int!
      $map: Boolean!
    ) {
      clusters(first: $first, after: $after, filter: $filter, orderBy: $order) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...ClusterRow
            cells(limit: $cells) @include(if: $map) {
              ...NodeCell
            }
          }
        }
      }
    }
  `,
  [ClusterRow, NodeCell],
);

export const SystemOverview = graphql(
  `
    query SystemOverview($filter: ClusterFilter) {
      system {
        ...SystemHead
        clusterFacets(filter: $filter) {
          statuses {
            value
            count
          }
          kinds {
            value
            count
          }
          labels {
            key
            values {
              value
              count
            }
          }
        }
      }
    }
  `,
  [SystemHead],
);

export const SystemNodes = graphql(
  `
    query SystemNodes($first: Int!, $after: String, $filter: NodeFilter) {
      system {
        id
        nodes(first: $first, after: $after, filter: $filter) {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          edges {
            node {
              ...NodeRow
            }
          }
        }
      }
    }
  `,
  [NodeRow],
);
