import { graphql, type FragmentOf } from '$lib/kit/graphql.ts';

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

export type CommandRow = FragmentOf<typeof CommandRow>;
export type StepRow = FragmentOf<typeof StepRow>;
