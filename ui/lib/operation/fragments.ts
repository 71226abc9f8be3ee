import { PermissionParts } from '$lib/access/queries.ts';
import { graphql, type FragmentOf } from '$lib/kit/graphql.ts';
import { HoldParts, OperationRow } from '$lib/live/fragments.ts';

/** A part of an operation's clusters, done before those of the next. */
export const WaveRow = graphql(
  `
    fragment WaveRow on Wave {
      id
      index
      name
      status
      statusReason
      manualGate
      promotedAt
      promotedBy
      pausedAt
      soakSeconds
      soakUntil
      failureBudget
      offlineBudget
      startedAt
      finishedAt
      commandCounts {
        status
        count
      }
      hold {
        ...HoldParts
      }
    }
  `,
  [HoldParts],
);

/** All of an operation that its own page shows: the row, how it goes about it, and its waves. */
export const OperationParts = graphql(
  `
    fragment OperationParts on Operation {
      ...OperationRow
      pausedAt
      pauseReason
      startsAt
      overrideReason
      expiresInSeconds
      lateness
      approvalsNeeded
      approvals {
        at
        by
      }
      estimate {
        seconds
        p90Seconds
        steps
      }
      notRevertible
      reverts {
        id
        kind
        reason
      }
      rolling {
        batchSize {
          count
          percent
        }
        maxUnavailable {
          count
          percent
        }
        stopAfterFailures {
          count
          percent
        }
        byZone
        order
        lastRoles
        healthTimeoutSeconds
        minHealthySeconds
        pauseSeconds
      }
      rollout {
        clustersAtOnce
        onExceeded
        failureBudget {
          count
          percent
        }
        offlineBudget {
          count
          percent
        }
      }
      waves {
        ...WaveRow
      }
    }
  `,
  [OperationRow, WaveRow],
);

/** What one cluster was asked to do. */
export const CommandRow = graphql(
  `
    fragment CommandRow on Command {
      id
      cluster {
        id
        name
        controlLink
        lastHeardAt
        viewerCan {
          ...PermissionParts
        }
      }
      wave {
        id
        index
      }
      attempt
      status
      statusReason
      hold {
        ...HoldParts
      }
      issuedAt
      deliveredAt
      expiresAt
      startedAt
      finishedAt
      pauseRequested
      abortRequested
      abortAtOnce
      stepCounts {
        status
        count
      }
    }
  `,
  [HoldParts, PermissionParts],
);

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
    skipRequested
    pauseRequested
    startedAt
    finishedAt
  }
`);

export type WaveRow = FragmentOf<typeof WaveRow>;
export type OperationParts = FragmentOf<typeof OperationParts>;
export type CommandRow = FragmentOf<typeof CommandRow>;
export type StepRow = FragmentOf<typeof StepRow>;
