import { graphql, type Enum, type FragmentOf } from '$lib/kit/graphql.ts';
import type { introspection_types } from '../../graphql-env.d.ts';

export const AuditLine = graphql(`
  fragment AuditLine on AuditEntry {
    sequence
    at
    actorKind
    actorId
    actorName
    from
    action
    reason
    result
    detail
    hash
    targets(first: 20) {
      totalCount
      edges {
        node {
          type
          id
          name
        }
      }
    }
  }
`);

export const AuditLog = graphql(
  `
    query AuditLog($first: Int!, $after: String, $filter: AuditFilter) {
      auditLog(first: $first, after: $after, filter: $filter) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...AuditLine
          }
        }
      }
    }
  `,
  [AuditLine],
);

export type AuditLine = FragmentOf<typeof AuditLine>;

type Mutation = keyof introspection_types['Mutation']['fields'];

/** What is written down: what mutations are called, and what happens beside them. Reports of managers are not. */
export const AUDITED = [
  'startOperation',
  'abortOperation',
  'pauseOperation',
  'resumeOperation',
  'promoteOperation',
  'skipOperation',
  'retryOperation',
  'logIn',
  'logOut',
  'createFirstAdministrator',
  'createPerson',
  'invitePerson',
  'acceptInvitation',
  'updatePerson',
  'changePassword',
  'createApiKey',
  'revokeApiKey',
  'createEnrolmentToken',
  'revokeEnrolmentToken',
  'registerManager',
  'renewCredential',
  'revokeManager',
  'exportAudit',
  'authenticate',
  'countDenials',
] as const satisfies readonly (Mutation | 'exportAudit' | 'authenticate' | 'countDenials')[];

export const RESULTS: readonly Enum<'AuditResult'>[] = ['DONE', 'DENIED'];

/** Who did it, where there is no name. */
export const ACTOR_WORDS: Record<Enum<'AuditActorKind'>, string> = {
  ANONYMOUS: 'nobody known',
  KEY: 'API key',
  LOCAL: 'whoever is on the machine',
  MANAGER: 'manager',
  PERSON: 'person',
  SYSTEM: 'the Operations Center',
};

/** A target in words. */
export const targetWords = ({ type, id, name }: { type: string; id: string; name: string | null }): string =>
  `${type} ${name ?? id}`;

/** A detail with a line each. */
export function inLines(detail: string): string {
  try {
    return JSON.stringify(JSON.parse(detail), null, 2);
  } catch {
    return detail;
  }
}
