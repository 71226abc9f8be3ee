import { PermissionParts } from '$lib/access/queries.ts';
import { graphql } from '$lib/kit/graphql.ts';
import { EventLine, OperationRow } from '$lib/live/fragments.ts';
import { CommandRow, OperationParts, StepRow } from './fragments.ts';

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
