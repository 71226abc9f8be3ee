import { graphql, type FragmentOf } from '$lib/kit/graphql.ts';

/** The system's head: what the top bar and the counts show, carried by every delta. */
export const SystemHead = graphql(`
  fragment SystemHead on System {
    id
    name
    status
    statusReason
    revision
    serverTime
    clusterCounts {
      status
      count
    }
    nodeCounts {
      status
      count
    }
  }
`);

/** All of a cluster that deltas keep current: entities of the store have exactly this shape. */
export const ClusterRow = graphql(`
  fragment ClusterRow on Cluster {
    id
    name
    kind
    labels {
      key
      value
    }
    status
    statusReason
    statusSince
    controlLink
    lastHeardAt
    epoch
    primary {
      id
      name
    }
    nodeTotal
    nodeCounts {
      status
      count
    }
    lastKnownNodeCounts {
      status
      count
    }
  }
`);

/** All of a node that deltas keep current: entities of the store have exactly this shape. */
export const NodeRow = graphql(`
  fragment NodeRow on Node {
    id
    name
    cluster {
      id
      name
    }
    status
    reportedStatus
    statusReason
    statusSince
    reportedAt
    role
    host
    zone
    version
    pid
    address
    startedAt
    restarts
    leftAt
  }
`);

/** Why something does not move. */
export const HoldParts = graphql(`
  fragment HoldParts on Hold {
    rule
    reason
    freedBy
    since
  }
`);

/** All of an operation that deltas keep current: entities of the store have exactly this shape. */
export const OperationRow = graphql(
  `
    fragment OperationRow on Operation {
      id
      kind
      mode
      status
      statusReason
      hold {
        ...HoldParts
      }
      reason
      actor
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
  `,
  [HoldParts],
);

/** A cell of the map. */
export const NodeCell = graphql(`
  fragment NodeCell on Node {
    id
    name
    status
    reportedStatus
    statusReason
  }
`);

/** One line of a history. */
export const EventLine = graphql(`
  fragment EventLine on Event {
    revision
    at
    kind
    summary
    actor
    cluster {
      id
      name
    }
    node {
      id
      name
    }
    operation {
      id
      kind
    }
  }
`);

export type SystemHead = FragmentOf<typeof SystemHead>;
export type ClusterRow = FragmentOf<typeof ClusterRow>;
export type NodeRow = FragmentOf<typeof NodeRow>;
export type HoldParts = FragmentOf<typeof HoldParts>;
export type OperationRow = FragmentOf<typeof OperationRow>;
export type NodeCell = FragmentOf<typeof NodeCell>;
export type EventLine = FragmentOf<typeof EventLine>;
