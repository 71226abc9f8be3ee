import { PermissionParts } from '$lib/access/queries.ts';
import { graphql, type FragmentOf } from '$lib/kit/graphql.ts';
import { EventLine, OperationRow } from '$lib/live/fragments.ts';
import { CommandRow, OperationParts, StepRow } from './fragments.ts';

/** A batch of a plan with its first nodes. */
export const PlannedBatchParts = graphql(`
  fragment PlannedBatchParts on PlannedBatch {
    index
    nodes(first: 50) {
      totalCount
      pageInfo {
        endCursor
      }
      edges {
        node {
          nodeId
          name
          status
        }
      }
    }
  }
`);

/** What would be done in one cluster: its first batches, and who is left out and why. */
export const PlannedClusterParts = graphql(
  `
    fragment PlannedClusterParts on ClusterPlan {
      cluster {
        id
        name
      }
      wave
      limits {
        batchSize
        maxUnavailable
        stopAfterFailures
      }
      warnings
      batches(first: 10) {
        totalCount
        pageInfo {
          endCursor
        }
        edges {
          cursor
          node {
            ...PlannedBatchParts
          }
        }
      }
      excluded(first: 50) {
        totalCount
        edges {
          node {
            nodeId
            name
            reason
          }
        }
      }
    }
  `,
  [PlannedBatchParts],
);

export const PlanOperation = graphql(
  `
    query PlanOperation($input: OperationInput!) {
      planOperation(input: $input) {
        digest
        nodeCount
        warnings
        clusters(first: 20) {
          totalCount
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

/** More batches of one cluster of a plan: the one after the cursor `cluster` of the wave, or of all. */
export const PlanBatches = graphql(
  `
    query PlanBatches($input: OperationInput!, $wave: Int, $cluster: String, $after: String) {
      planOperation(input: $input) {
        digest
        clusters(first: 1, after: $cluster, wave: $wave) {
          edges {
            node {
              batches(first: 50, after: $after) {
                totalCount
                pageInfo {
                  endCursor
                }
                edges {
                  cursor
                  node {
                    ...PlannedBatchParts
                  }
                }
              }
            }
          }
        }
      }
    }
  `,
  [PlannedBatchParts],
);

/** More nodes of one batch: the one after the cursor `batch`. */
export const PlanNodes = graphql(`
  query PlanNodes($input: OperationInput!, $wave: Int, $cluster: String, $batch: String, $after: String) {
    planOperation(input: $input) {
      digest
      clusters(first: 1, after: $cluster, wave: $wave) {
        edges {
          node {
            batches(first: 1, after: $batch) {
              edges {
                node {
                  index
                  nodes(first: 500, after: $after) {
                    totalCount
                    pageInfo {
                      endCursor
                    }
                    edges {
                      node {
                        nodeId
                        name
                        status
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
`);

export const PlanRevert = graphql(
  `
    query PlanRevert($id: ID!) {
      planRevert(operationId: $id) {
        kind
        digest
        nodeCount
        warnings
        clusters(first: 20) {
          totalCount
          edges {
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

export const RevertOperation = graphql(`
  mutation RevertOperation($input: RevertOperationInput!) {
    revertOperation(input: $input) {
      id
    }
  }
`);

export type PlannedBatchParts = FragmentOf<typeof PlannedBatchParts>;
export type PlannedClusterParts = FragmentOf<typeof PlannedClusterParts>;

export const StartOperation = graphql(`
  mutation StartOperation($input: StartOperationInput!) {
    startOperation(input: $input) {
      id
      status
    }
  }
`);

export const Operations = graphql(
  `
    query Operations($first: Int!, $after: String, $filter: OperationFilter) {
      operations(first: $first, after: $after, filter: $filter) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...OperationRow
          }
        }
      }
    }
  `,
  [OperationRow],
);

/** An operation with a page of its commands: of one wave, or with some statuses, or with earlier attempts too. */
export const OperationDetail = graphql(
  `
    query OperationDetail(
      $id: ID!
      $first: Int!
      $after: String
      $wave: Int
      $status: [CommandStatus!]
      $allAttempts: Boolean
    ) {
      operation(id: $id) {
        ...OperationParts
        viewerCan {
          ...PermissionParts
        }
        page: commands(
          first: $first
          after: $after
          wave: $wave
          status: $status
          allAttempts: $allAttempts
        ) {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          edges {
            node {
              ...CommandRow
            }
          }
        }
      }
    }
  `,
  [OperationParts, CommandRow, PermissionParts],
);

/** A page of what a command does, node by node. */
export const CommandSteps = graphql(
  `
    query CommandSteps($id: ID!, $first: Int!, $after: String) {
      command(id: $id) {
        id
        steps(first: $first, after: $after) {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          edges {
            node {
              ...StepRow
            }
          }
        }
      }
    }
  `,
  [StepRow],
);

export const OperationHistory = graphql(
  `
    query OperationHistory($id: ID!, $after: String) {
      operation(id: $id) {
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

export const OperationChanged = graphql(
  `
    subscription OperationChanged($id: ID!, $since: Revision) {
      operationChanged(id: $id, since: $since) {
        __typename
        ... on OperationSnapshot {
          revision
        }
        ... on OperationDelta {
          revision
          operation {
            ...OperationParts
          }
          commands {
            ...CommandRow
          }
          steps {
            ...StepRow
          }
        }
        ... on Bookmark {
          revision
        }
      }
    }
  `,
  [OperationParts, CommandRow, StepRow],
);
