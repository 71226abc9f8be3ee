import { PermissionParts } from '$lib/access/queries.ts';
import { graphql, type FragmentOf } from '$lib/kit/graphql.ts';
import { ClusterRow, NodeRow } from '$lib/live/fragments.ts';
import { PlannedClusterParts } from '../plan-queries.ts';

/** A cluster that may be chosen, with whether one may act on it. */
export const TargetCluster = graphql(
  `
    fragment TargetCluster on Cluster {
      ...ClusterRow
      viewerCan {
        ...PermissionParts
      }
    }
  `,
  [ClusterRow, PermissionParts],
);
export type TargetCluster = FragmentOf<typeof TargetCluster>;

export const TargetClusters = graphql(
  `
    query TargetClusters($first: Int!, $after: String, $filter: ClusterFilter) {
      clusters(first: $first, after: $after, filter: $filter, orderBy: NAME) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...TargetCluster
          }
        }
      }
    }
  `,
  [TargetCluster],
);

/** Only which they are: for choosing all that match a filter. */
export const ClusterIds = graphql(`
  query ClusterIds($after: String, $filter: ClusterFilter) {
    clusters(first: 500, after: $after, filter: $filter, orderBy: NAME) {
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          id
        }
      }
    }
  }
`);

export const TargetNodes = graphql(
  `
    query TargetNodes($first: Int!, $after: String, $ids: [ID!]!) {
      system {
        id
        nodes(first: $first, after: $after, filter: { ids: $ids, includeLeft: true }, orderBy: NAME) {
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

/** The plan in numbers: what is looked at before it is started. */
export const PlanSummary = graphql(`
  query PlanSummary($input: OperationInput!) {
    planOperation(input: $input) {
      digest
      nodeCount
      estimate {
        seconds
        p90Seconds
        steps
      }
      warnings
      waves {
        index
        name
        clusterCount
        manualGate
        soakSeconds
        failureBudget
        offlineBudget
      }
      clusters(first: 1) {
        totalCount
        edges {
          node {
            cluster {
              id
              name
            }
          }
        }
      }
    }
  }
`);

/** A page of the plan's clusters, of one wave or of all. */
export const PlanClusters = graphql(
  `
    query PlanClusters($input: OperationInput!, $wave: Int, $first: Int!, $after: String) {
      planOperation(input: $input) {
        digest
        clusters(first: $first, after: $after, wave: $wave) {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          edges {
            cursor
            node {
              ...PlannedClusterParts
            }
          }
        }
      }
    }
  `,
  [PlannedClusterParts],
);
