import { graphql, type Enum, type FragmentOf } from '$lib/kit/graphql.ts';

export const TokenRow = graphql(`
  fragment TokenRow on EnrolmentToken {
    id
    status
    clusterName
    labels {
      key
      value
    }
    uses
    usesLeft
    createdAt
    createdBy
    expiresAt
    revokedAt
    revokedBy
  }
`);

export const EnrolmentTokens = graphql(
  `
    query EnrolmentTokens($first: Int!, $after: String, $status: [EnrolmentTokenStatus!]) {
      enrolmentTokens(first: $first, after: $after, status: $status) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...TokenRow
          }
        }
      }
    }
  `,
  [TokenRow],
);

export const CreateEnrolmentToken = graphql(`
  mutation CreateEnrolmentToken($input: CreateEnrolmentTokenInput!) {
    createEnrolmentToken(input: $input) {
      token
      expiresAt
      joinCommand
    }
  }
`);

export const RevokeEnrolmentToken = graphql(
  `
    mutation RevokeEnrolmentToken($id: ID!, $reason: String) {
      revokeEnrolmentToken(id: $id, reason: $reason) {
        ...TokenRow
      }
    }
  `,
  [TokenRow],
);

export type TokenRow = FragmentOf<typeof TokenRow>;
export const TOKEN_STATUSES: readonly Enum<'EnrolmentTokenStatus'>[] = [
  'VALID',
  'USED_UP',
  'EXPIRED',
  'REVOKED',
];
