import { graphql, type FragmentOf } from '$lib/kit/graphql.ts';

/** All of an operation that deltas keep current: entities of the store have exactly this shape. */
export const OperationRow = graphql(`
  fragment OperationRow on Operation {
    id
    kind
    mode
    status
    statusReason
    reason
    actor
    rolling {
      batchSize
      maxUnavailable
      healthTimeoutSeconds
      pauseSeconds
      stopAfterFailures
    }
    createdAt
    startedAt
    finishedAt
    abortRequestedAt
    stepCounts {
      status
      count
    }
    commandCounts {
      status
      count
    }
    commands(first: 1) {
      totalCount
      edges {
        node {
          id
          cluster {
            id
            name
          }
        }
      }
    }
  }
`);

/** What one cluster was asked to do. */
export const CommandRow = graphql(`
  fragment CommandRow on Command {
    id
    cluster {
      id
      name
      controlLink
      lastHeardAt
    }
    status
    statusReason
    waitingFor
    issuedAt
    deliveredAt
    expiresAt
    startedAt
    finishedAt
    abortRequested
    stepCounts {
      status
      count
    }
  }
`);

/** What is done to one node. */
export const StepRow = graphql(`
  fragment StepRow on Step {
    id
    command {
      id
    }
    batch
    nodeName
    node {
      id
    }
    status
    reason
    output
    instanceBefore
    instanceAfter
    startedAt
    finishedAt
  }
`);

export type OperationRow = FragmentOf<typeof OperationRow>;
export type CommandRow = FragmentOf<typeof CommandRow>;
export type StepRow = FragmentOf<typeof StepRow>;
