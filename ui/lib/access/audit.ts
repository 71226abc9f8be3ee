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

type Field<Root extends 'Query' | 'Mutation' | 'Subscription'> = keyof introspection_types[Root]['fields'];

/** What is done: written down of each that was, and of each that was refused. */
const ACTS = Object.keys({
  startOperation: true,
  abortOperation: true,
  pauseOperation: true,
  resumeOperation: true,
  promoteOperation: true,
  skipOperation: true,
  retryOperation: true,
  revertOperation: true,
  approveOperation: true,
  withdrawApproval: true,
  createApprovalRule: true,
  removeApprovalRule: true,
  createFreeze: true,
  removeFreeze: true,
  createMaintenanceWindow: true,
  removeMaintenanceWindow: true,
  planOffline: true,
  endPlannedOffline: true,
  createSavedSelection: true,
  updateSavedSelection: true,
  deleteSavedSelection: true,
  createSavedStrategy: true,
  updateSavedStrategy: true,
  deleteSavedStrategy: true,
  logIn: true,
  logOut: true,
  createFirstAdministrator: true,
  createPerson: true,
  invitePerson: true,
  acceptInvitation: true,
  updatePerson: true,
  endSessions: true,
  changePassword: true,
  createApiKey: true,
  revokeApiKey: true,
  createEnrolmentToken: true,
  revokeEnrolmentToken: true,
  registerManager: true,
  renewCredential: true,
  revokeManager: true,
  renewLease: true,
  reportMembership: true,
  reportMetrics: true,
  reportCommand: true,
  leave: true,
} satisfies Record<Field<'Mutation'>, true>);

/** What is asked: written down where it was refused. */
const QUESTIONS = Object.keys({
  apiKeys: true,
  approvalRules: true,
  auditLog: true,
  cluster: true,
  clusters: true,
  command: true,
  enrolmentTokens: true,
  freezes: true,
  invitation: true,
  maintenanceWindows: true,
  node: true,
  operation: true,
  operations: true,
  people: true,
  person: true,
  planOperation: true,
  planRevert: true,
  plannedOffline: true,
  savedSelections: true,
  savedStrategies: true,
  system: true,
  viewer: true,
  commandIssued: true,
  metricsReported: true,
  operationChanged: true,
  topologyChanged: true,
} satisfies Record<Field<'Query'> | Field<'Subscription'>, true>);

/** All that is written down, by what it is: each root field of the API, and what happens beside them. */
export const AUDITED = [
  { name: 'Acts', actions: ACTS },
  { name: 'Questions that were refused', actions: QUESTIONS },
  { name: 'Beside the API', actions: ['exportAudit', 'authenticate', 'countDenials'] },
] as const;

/** Each of them. */
export const ACTIONS: readonly string[] = AUDITED.flatMap(({ actions }) => [...actions]);

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
