import { graphql, type Enum, type FragmentOf } from '$lib/kit/graphql.ts';
import { GrantParts } from './queries.ts';

export const PersonRow = graphql(
  `
    fragment PersonRow on Person {
      id
      name
      status
      createdAt
      createdBy
      lastLogInAt
      sessionCount
      grants {
        ...GrantParts
      }
    }
  `,
  [GrantParts],
);

export const People = graphql(
  `
    query People($first: Int!, $after: String, $filter: PersonFilter) {
      people(first: $first, after: $after, filter: $filter) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...PersonRow
          }
        }
      }
    }
  `,
  [PersonRow],
);

export const CreatePerson = graphql(`
  mutation CreatePerson($input: CreatePersonInput!) {
    createPerson(input: $input) {
      path
      expiresAt
      person {
        id
        name
      }
    }
  }
`);

export const InvitePerson = graphql(`
  mutation InvitePerson($id: ID!) {
    invitePerson(id: $id) {
      path
      expiresAt
      person {
        id
        name
      }
    }
  }
`);

export const UpdatePerson = graphql(
  `
    mutation UpdatePerson($input: UpdatePersonInput!) {
      updatePerson(input: $input) {
        ...PersonRow
      }
    }
  `,
  [PersonRow],
);

export const EndSessions = graphql(
  `
    mutation EndSessions($id: ID!, $reason: String) {
      endSessions(id: $id, reason: $reason) {
        ...PersonRow
      }
    }
  `,
  [PersonRow],
);

export type PersonRow = FragmentOf<typeof PersonRow>;
export const PERSON_STATUSES: readonly Enum<'PersonStatus'>[] = ['ACTIVE', 'INVITED', 'DISABLED'];
