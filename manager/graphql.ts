import { initGraphQLTada, type ResultOf, type VariablesOf } from 'gql.tada';
import type { introspection } from '../graphql-env.d.ts';

const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; Revision: string };
}>();

const LeaseFields = graphql(`
  fragment LeaseFields on Lease @_unmask {
    role
    epoch
    durationMs
    renewEveryMs
    primaryName
    membershipSequence
    snapshotWanted
  }
`);

const TermFields = graphql(`
  fragment TermFields on CredentialTerm @_unmask {
    validForMs
    renewAfterMs
  }
`);

export const RegisterManager = graphql(
  `
    mutation RegisterManager($input: RegisterManagerInput!) {
      registerManager(input: $input) {
        clusterId
        managerId
        lease {
          ...LeaseFields
        }
        credential {
          ...TermFields
        }
      }
    }
  `,
  [LeaseFields, TermFields],
);

export const RenewCredential = graphql(
  `
    mutation RenewCredential($input: RenewCredentialInput!) {
      renewCredential(input: $input) {
        credential {
          ...TermFields
        }
      }
    }
  `,
  [TermFields],
);

export const RenewLease = graphql(
  `
    mutation RenewLease($input: RenewLeaseInput!) {
      renewLease(input: $input) {
        lease {
          ...LeaseFields
        }
      }
    }
  `,
  [LeaseFields],
);

export const ReportMembership = graphql(`
  mutation ReportMembership($input: ReportMembershipInput!) {
    reportMembership(input: $input) {
      applied
      sequence
    }
  }
`);

export const ReportCommand = graphql(`
  mutation ReportCommand($input: ReportCommandInput!) {
    reportCommand(input: $input) {
      applied
      sequence
    }
  }
`);

export const ReportMetrics = graphql(`
  mutation ReportMetrics($input: ReportMetricsInput!) {
    reportMetrics(input: $input) {
      applied
    }
  }
`);

export const Leave = graphql(`
  mutation Leave($input: LeaveInput!) {
    leave(input: $input) {
      left
    }
  }
`);

export const CommandIssued = graphql(`
  subscription CommandIssued($epoch: Int!) {
    commandIssued(epoch: $epoch) {
      id
      kind
      mode
      rolling {
        batchSize
        maxUnavailable
        healthTimeoutSeconds
        minHealthySeconds
        pauseSeconds
        stopAfterFailures
      }
      status
      pauseRequested
      abortRequested
      abortAtOnce
      reportSequence
      allSteps {
        nodeName
        batch
        status
        skipRequested
        pauseRequested
        reason
        output
        instanceBefore
        instanceAfter
        startedAt
        finishedAt
      }
    }
  }
`);

export type Registration = VariablesOf<typeof RegisterManager>['input'];
export type Lease = ResultOf<typeof LeaseFields>;
export type CredentialTerm = ResultOf<typeof TermFields>;
export type IssuedCommand = ResultOf<typeof CommandIssued>['commandIssued'];
export type NodeReport = NonNullable<VariablesOf<typeof ReportMembership>['input']['nodes']>[number];
/** Which nodes a report of the membership is about. */
export interface NodesReport {
  kind: 'SNAPSHOT' | 'DELTA';
  nodes: readonly NodeReport[];
  left: readonly { name: string }[];
}
export type IssuedStep = IssuedCommand['allSteps'][number];
export type StepStatus = IssuedStep['status'];
export type CommandStatus = IssuedCommand['status'];
export type Rolling = NonNullable<IssuedCommand['rolling']>;
