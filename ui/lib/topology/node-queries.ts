import { PermissionParts } from '$lib/access/queries.ts';
import { graphql } from '$lib/kit/graphql.ts';
import { ClusterRow, EventLine, NodeRow, OperationRow } from '$lib/live/fragments.ts';

export const NodeDetail = graphql(
  `
    query NodeDetail($id: ID!) {
      node(id: $id) {
        ...NodeRow
        viewerCan {
          ...PermissionParts
        }
        plannedOffline {
          returnsAt
          reason
          createdBy
        }
        os
        cpuCount
        memoryTotal
        labels {
          key
          value
        }
        consoleUrl
        lastOutput
        joinedAt
        cluster {
          ...ClusterRow
        }
      }
      operations(first: 5, filter: { nodeId: $id }) {
        totalCount
        edges {
          node {
            ...OperationRow
          }
        }
      }
    }
  `,
  [NodeRow, ClusterRow, OperationRow, PermissionParts],
);

export const NodeHistory = graphql(
  `
    query NodeHistory($id: ID!, $after: String) {
      node(id: $id) {
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
