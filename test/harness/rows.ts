import { randomUUID } from 'node:crypto';
import { PASSWORD } from './people.ts';
import { WireManager } from './wire-manager.ts';

export const PEOPLE = ['viewer', 'scoped', 'operator', 'administrator'] as const;
export const MANAGERS = ['managerA', 'managerB'] as const;
export const ALL = ['anonymous', ...PEOPLE, ...MANAGERS] as const;
/** `scoped` is an operator of the cluster A alone. */
export type Who = (typeof ALL)[number];

/** What is asked for by id: that of cluster A, that of cluster B, or made up. */
export interface Target {
  cluster: string;
  node: string;
  command: string;
  operation: string;
  epoch: number;
  /** Of the whole system, the same in each. */
  person: string;
  apiKey: string;
  enrolmentToken: string;
  /** A manager that nobody misses. */
  lost: string;
}

export interface Row {
  /** Who may ask; the others are refused, whatever they ask for. */
  who: readonly Who[];
  variables?: (target: Target, who: Who) => object;
  /** What those who may are told when it is no answer: by it one sees that they came through. */
  told?: string;
  levels?: number;
  /** `Type.field`s that are not for those. */
  without?: readonly string[];
}

const operators = ['scoped', 'operator', 'administrator'] as const;
const ofAll = ['operator', 'administrator'] as const;
const administrators = ['administrator'] as const;
const byId = (kind: keyof Target) => (target: Target) => ({ id: target[kind] });
const plan = ({ cluster }: Target) => ({ kind: 'RESTART', targets: { clusterIds: [cluster] } });
const onOperation = ({ operation }: Target) => ({ input: { operationId: operation } });
const onWave =
  (wave: number) =>
  ({ operation }: Target) => ({ input: { operationId: operation, scope: { wave } } });
const ofA = { labels: [{ key: 'of', value: 'shop-a' }] };
const BEGAN = Date.now();
/** The same whenever it is asked for: what two are told of one thing is compared. */
const inHours = (hours: number) => new Date(BEGAN + hours * 3_600_000).toISOString();
const unknown = () => ({ input: { id: 'none' } });
const somebody = (input: object) => () => ({ input });

/** Every root field of the API. Who adds one says here who may use it. */
export const ROWS: Record<string, Row> = {
  'Query.viewer': { who: ALL },
  'Query.invitation': { who: ALL, variables: () => ({ token: `oci_${'x'.repeat(43)}` }), told: 'NOT_FOUND' },
  'Query.system': { who: PEOPLE },
  'Query.clusters': { who: PEOPLE },
  'Query.cluster': { who: [...PEOPLE, ...MANAGERS], variables: byId('cluster') },
  'Query.node': { who: [...PEOPLE, ...MANAGERS], variables: byId('node') },
  'Query.command': { who: [...PEOPLE, ...MANAGERS], variables: byId('command') },
  'Query.operation': { who: PEOPLE, variables: byId('operation') },
  'Query.operations': { who: PEOPLE },
  'Query.planRevert': {
    who: PEOPLE,
    variables: ({ operation }) => ({ operationId: operation }),
    told: 'CONFLICT',
  },
  'Query.planOperation': { who: PEOPLE, variables: (target) => ({ input: plan(target) }), levels: 4 },
  'Query.freezes': { who: PEOPLE },
  'Query.maintenanceWindows': { who: PEOPLE },
  'Query.approvalRules': { who: PEOPLE },
  'Query.savedStrategies': { who: PEOPLE },
  'Query.savedSelections': { who: PEOPLE },
  'Query.plannedOffline': { who: PEOPLE },
  'Query.person': { who: administrators, variables: byId('person') },
  'Query.people': { who: administrators },
  'Query.apiKeys': { who: administrators },
  'Query.enrolmentTokens': { who: administrators },
  'Query.auditLog': { who: administrators },
  'Mutation.logIn': { who: ALL, variables: somebody({ name: 'Somebody', password: PASSWORD }) },
  'Mutation.acceptInvitation': {
    who: ALL,
    variables: somebody({ token: `oci_${'x'.repeat(43)}`, password: PASSWORD }),
    told: 'NOT_FOUND',
  },
  'Mutation.createFirstAdministrator': {
    who: ALL,
    variables: somebody({ token: `oci_${'x'.repeat(43)}`, name: 'X', password: PASSWORD }),
    told: 'NOT_FOUND',
  },
  'Mutation.logOut': { who: PEOPLE },
  'Mutation.changePassword': {
    who: PEOPLE,
    variables: somebody({ current: 'a wrong one', password: PASSWORD }),
    told: 'INVALID',
  },
  'Mutation.createPerson': {
    who: administrators,
    variables: () => ({ input: { name: `P ${randomUUID()}`, grants: [] } }),
  },
  'Mutation.invitePerson': { who: administrators, variables: byId('person') },
  'Mutation.endSessions': { who: administrators, variables: byId('person') },
  'Mutation.updatePerson': {
    who: administrators,
    variables: ({ person }) => ({ input: { id: person, disabled: false } }),
  },
  'Mutation.createApiKey': {
    who: administrators,
    variables: somebody({ name: 'X', grants: [{ role: 'VIEWER' }] }),
  },
  'Mutation.revokeApiKey': { who: administrators, variables: byId('apiKey') },
  'Mutation.createEnrolmentToken': { who: administrators, variables: somebody({}) },
  'Mutation.revokeEnrolmentToken': { who: administrators, variables: byId('enrolmentToken') },
  'Mutation.revokeManager': {
    who: administrators,
    variables: ({ lost }) => ({ input: { managerId: lost, reason: 'gone' } }),
  },
  'Mutation.startOperation': {
    who: operators,
    variables: (target) => ({ input: { plan: plan(target), reason: 'why', idempotencyKey: randomUUID() } }),
  },
  'Mutation.revertOperation': {
    who: operators,
    variables: ({ operation }, who) => ({
      input: { operationId: operation, reason: 'r', idempotencyKey: `revert ${who}` },
    }),
    told: 'CONFLICT',
  },
  'Mutation.pauseOperation': { who: operators, variables: onOperation },
  'Mutation.resumeOperation': { who: operators, variables: onOperation },
  'Mutation.retryOperation': { who: operators, variables: onOperation, told: 'CONFLICT' },
  'Mutation.promoteOperation': { who: operators, variables: onWave(0), told: 'CONFLICT' },
  'Mutation.skipOperation': { who: operators, variables: onWave(7), told: 'NOT_FOUND' },
  'Mutation.abortOperation': { who: operators, variables: onOperation },
  'Mutation.createFreeze': {
    who: operators,
    variables: () => ({
      input: { clusters: ofA, from: inHours(1), until: inHours(2), reason: 'why' },
    }),
  },
  'Mutation.removeFreeze': { who: operators, variables: unknown, told: 'NOT_FOUND' },
  'Mutation.createMaintenanceWindow': {
    who: operators,
    variables: () => ({
      input: {
        name: 'W',
        clusters: ofA,
        schedule: '* * * * *',
        timeZone: 'UTC',
        durationSeconds: 3600,
        reason: 'why',
      },
    }),
  },
  'Mutation.removeMaintenanceWindow': { who: operators, variables: unknown, told: 'NOT_FOUND' },
  ...Object.fromEntries(
    ['Strategy', 'Selection'].flatMap((what) => [
      [
        `Mutation.createSaved${what}`,
        { who: ofAll, variables: () => ({ input: { name: `S ${randomUUID()}` } }) },
      ],
      [
        `Mutation.updateSaved${what}`,
        { who: ofAll, variables: () => ({ id: 'none', input: { name: 'X' } }), told: 'NOT_FOUND' },
      ],
      [`Mutation.deleteSaved${what}`, { who: ofAll, variables: unknown, told: 'NOT_FOUND' }],
    ]),
  ),
  'Mutation.planOffline': {
    who: operators,
    variables: ({ node }) => ({ input: { target: { nodeId: node }, reason: 'why', returnsAt: inHours(1) } }),
  },
  'Mutation.endPlannedOffline': {
    who: operators,
    variables: ({ cluster }) => ({ input: { target: { clusterId: cluster } } }),
    told: 'NOT_FOUND',
  },
  'Mutation.createApprovalRule': {
    who: administrators,
    variables: () => ({ input: { clusters: { labels: [{ key: 'of', value: 'nobody' }] }, reason: 'why' } }),
  },
  'Mutation.removeApprovalRule': { who: administrators, variables: unknown, told: 'NOT_FOUND' },
  'Mutation.approveOperation': { who: operators, variables: onOperation, told: 'CONFLICT' },
  'Mutation.withdrawApproval': { who: operators, variables: onOperation, told: 'CONFLICT' },
  'Mutation.registerManager': {
    who: ALL,
    variables: () => ({
      input: {
        credential: WireManager.credential(),
        cluster: { name: 'A', kind: 'process' },
        manager: { name: 'x', version: '1' },
      },
    }),
    told: 'UNAUTHENTICATED',
  },
  'Mutation.renewCredential': {
    who: MANAGERS,
    variables: somebody({ credential: `ocm_${'x'.repeat(43)}` }),
    told: 'CONFLICT',
  },
  'Mutation.renewLease': {
    who: MANAGERS,
    variables: ({ epoch }) => ({ input: { epoch, membershipSequence: 1 } }),
  },
  'Mutation.reportMembership': {
    who: MANAGERS,
    variables: ({ epoch }) => ({ input: { epoch, kind: 'DELTA', sequence: 2, nodes: [] } }),
  },
  'Mutation.reportMetrics': { who: MANAGERS, variables: ({ epoch }) => ({ input: { epoch, nodes: [] } }) },
  'Mutation.reportCommand': {
    who: MANAGERS,
    variables: ({ epoch, command }) => ({
      input: { epoch, commandId: command, sequence: 1, status: 'ACCEPTED' },
    }),
  },
  'Mutation.leave': { who: MANAGERS, variables: ({ epoch }) => ({ input: { epoch } }) },
  'Subscription.topologyChanged': { who: PEOPLE },
  'Subscription.operationChanged': { who: PEOPLE, variables: byId('operation') },
  'Subscription.metricsReported': { who: PEOPLE, variables: ({ cluster }) => ({ clusterId: cluster }) },
  'Subscription.commandIssued': {
    who: MANAGERS,
    variables: ({ epoch }) => ({ epoch }),
    levels: 1,
    without: ['Command.operation', 'Command.wave'],
  },
};
