import { PermissionParts } from '$lib/access/queries.ts';
import { graphql } from '$lib/kit/graphql.ts';
import { ClusterRow, EventLine, NodeCell, NodeRow, OperationRow } from '$lib/live/fragments.ts';
import { ManagerRow } from '$lib/manager/fragments.ts';

/** A cluster's page, but for its nodes and its history, which are paged by themselves. */
export const ClusterDetail = graphql(
  `
    query ClusterDetail($id: ID!, $cells: Int!) {
      cluster(id: $id) {
        ...ClusterRow
        viewerCan {
          ...PermissionParts
        }
        plannedOffline {
          returnsAt
          reason
          createdBy
        }
        createdAt
        leaseExpiresAt
        cells(limit: $cells) {
          ...NodeCell
        }
        managers(first: 20) {
          totalCount
          edges {
            node {
              ...ManagerRow
            }
          }
        }
      }
      operations(first: 5, filter: { clusterId: $id }) {
        totalCount
        edges {
          node {
            ...OperationRow
          }
        }
      }
    }
  `,
  [ClusterRow, NodeCell, ManagerRow, OperationRow, PermissionParts],
);

export const ClusterNodes = graphql(
  `
    query ClusterNodes($id: ID!, $first: Int!, $after: String, $filter: NodeFilter, $order: NodeOrder!) {
      cluster(id: $id) {
        id
        nodes(first: $first, after: $after, filter: $filter, orderBy: $order) {
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

/** Only who they are: for choosing all that match a filter. */
export const ClusterNodeNames = graphql(`
  query ClusterNodeNames($id: ID!, $after: String, $filter: NodeFilter) {
    cluster(id: $id) {
      id
      nodes(first: 500, after: $after, filter: $filter) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            id
            name
          }
        }
      }
    }
  }
`);

export const ClusterHistory = graphql(
  `
    query ClusterHistory($id: ID!, $after: String) {
      cluster(id: $id) {
        id
        history(first: 20, after: $after) {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          edges {
            node {
              ...EventLine
            }
          }
        }
      }
    }
  `,
  [EventLine],
);
