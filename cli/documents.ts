import { graphql } from './graphql.ts';

export const OperationLine = graphql(`
  fragment OperationLine on Operation @_unmask {
    id
    kind
    mode
    status
    statusReason
    reason
    actor
    createdAt
    startsAt
    startedAt
    finishedAt
    hold {
      rule
      reason
      freedBy
    }
    commandCounts {
      status
      count
    }
    stepCounts {
      status
      count
    }
  }
`);

export const Operations = graphql(
  `
    query Operations($first: Int!, $after: String, $filter: OperationFilter) {
      connection: operations(first: $first, after: $after, filter: $filter) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...OperationLine
          }
        }
      }
    }
  `,
  [OperationLine],
);

export const Operation = graphql(
  `
    query Operation($id: ID!) {
      operation(id: $id) {
        ...OperationLine
        approvalsNeeded
        approvals {
          by
        }
        waves {
          index
          name
          status
          statusReason
          hold {
            rule
            reason
            freedBy
          }
          commandCounts {
            status
            count
          }
        }
      }
    }
  `,
  [OperationLine],
);

export const Commands = graphql(`
  query Commands($id: ID!, $first: Int!, $after: String, $status: [CommandStatus!]) {
    operation(id: $id) {
      connection: commands(first: $first, after: $after, status: $status) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            cluster {
              name
            }
            wave {
              name
            }
            status
            statusReason
            hold {
              rule
              reason
              freedBy
            }
            stepCounts {
              status
              count
            }
          }
        }
      }
    }
  }
`);

export const Clusters = graphql(`
  query Clusters($first: Int!, $after: String, $filter: ClusterFilter) {
    connection: clusters(first: $first, after: $after, filter: $filter) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          id
          name
          kind
          status
          statusReason
          statusSince
          controlLink
          lastHeardAt
          nodeTotal
        }
      }
    }
  }
`);

export const Nodes = graphql(`
  query Nodes($first: Int!, $after: String, $filter: NodeFilter) {
    system {
      connection: nodes(first: $first, after: $after, filter: $filter) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            id
            name
            status
            statusReason
            statusSince
            host
            version
            cluster {
              name
            }
          }
        }
      }
    }
  }
`);

export const Pause = graphql(
  `
    mutation PauseOperation($input: OperationActInput!) {
      operation: pauseOperation(input: $input) {
        ...OperationLine
      }
    }
  `,
  [OperationLine],
);

export const Resume = graphql(
  `
    mutation ResumeOperation($input: OperationActInput!) {
      operation: resumeOperation(input: $input) {
        ...OperationLine
      }
    }
  `,
  [OperationLine],
);

export const Promote = graphql(
  `
    mutation PromoteOperation($input: OperationActInput!) {
      operation: promoteOperation(input: $input) {
        ...OperationLine
      }
    }
  `,
  [OperationLine],
);

export const Skip = graphql(
  `
    mutation SkipOperation($input: OperationActInput!) {
      operation: skipOperation(input: $input) {
        ...OperationLine
      }
    }
  `,
  [OperationLine],
);

export const Retry = graphql(
  `
    mutation RetryOperation($input: OperationActInput!) {
      operation: retryOperation(input: $input) {
        ...OperationLine
      }
    }
  `,
  [OperationLine],
);

export const Abort = graphql(
  `
    mutation AbortOperation($input: OperationActInput!, $atOnce: Boolean!) {
      operation: abortOperation(input: $input, atOnce: $atOnce) {
        ...OperationLine
      }
    }
  `,
  [OperationLine],
);

export const Approve = graphql(
  `
    mutation ApproveOperation($input: ApprovalInput!) {
      operation: approveOperation(input: $input) {
        ...OperationLine
      }
    }
  `,
  [OperationLine],
);

export const Withdraw = graphql(
  `
    mutation WithdrawApproval($input: ApprovalInput!) {
      operation: withdrawApproval(input: $input) {
        ...OperationLine
      }
    }
  `,
  [OperationLine],
);
