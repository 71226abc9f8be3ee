import { graphql, type FragmentOf } from '$lib/kit/graphql.ts';

/** All that is shown of a manager. */
export const ManagerRow = graphql(`
  fragment ManagerRow on Manager {
    id
    name
    role
    status
    url
    consoleUrl
    host
    pid
    version
    capabilities
    lastSeenAt
    leaseExpiresAt
    registeredAt
    credentialExpiresAt
    revokedAt
    revokedBy
    revokedReason
  }
`);

export const RevokeManager = graphql(
  `
    mutation RevokeManager($input: RevokeManagerInput!) {
      revokeManager(input: $input) {
        ...ManagerRow
      }
    }
  `,
  [ManagerRow],
);

export type ManagerRow = FragmentOf<typeof ManagerRow>;
