import { graphql, type FragmentOf } from '$lib/kit/graphql.ts';

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
        estimate {
          seconds
          p90Seconds
          steps
        }
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

export const StartOperation = graphql(`
  mutation StartOperation($input: StartOperationInput!) {
    startOperation(input: $input) {
      id
      status
    }
  }
`);

export type PlannedBatchParts = FragmentOf<typeof PlannedBatchParts>;
export type PlannedClusterParts = FragmentOf<typeof PlannedClusterParts>;
