import { graphql, type Enum, type FragmentOf } from '$lib/kit/graphql.ts';
import { GrantParts } from './queries.ts';

export const ApiKeyRow = graphql(
  `
    fragment ApiKeyRow on ApiKey {
      id
      name
      status
      createdAt
      createdBy
      expiresAt
      lastUsedAt
      revokedAt
      grants {
        ...GrantParts
      }
    }
  `,
  [GrantParts],
);

export const ApiKeys = graphql(
  `
    query ApiKeys($first: Int!, $after: String, $filter: ApiKeyFilter) {
      apiKeys(first: $first, after: $after, filter: $filter) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...ApiKeyRow
          }
        }
      }
    }
  `,
  [ApiKeyRow],
);

export const CreateApiKey = graphql(`
  mutation CreateApiKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      key
      apiKey {
        id
        name
      }
    }
  }
`);

export const RevokeApiKey = graphql(
  `
    mutation RevokeApiKey($id: ID!, $reason: String) {
      revokeApiKey(id: $id, reason: $reason) {
        ...ApiKeyRow
      }
    }
  `,
  [ApiKeyRow],
);

export type ApiKeyRow = FragmentOf<typeof ApiKeyRow>;
export const KEY_STATUSES: readonly Enum<'ApiKeyStatus'>[] = ['ACTIVE', 'EXPIRED', 'REVOKED'];
