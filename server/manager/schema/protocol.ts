import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import * as input from '../../graphql/input.ts';
import { LabelInput } from '../../graphql/label.ts';
import { invalid } from '../../platform/errors.ts';
import { NodeStatus } from '../../topology/schema/common.ts';
import { asManager } from '../../access/principal.ts';
import { reportMembership, type ReportedNode } from '../membership.ts';
import { leave, renewLease, type Lease as LeaseShape } from '../heartbeat.ts';
import { ManagerRole } from './manager.ts';

/** Far below what the database can hold, so that it can always grow. */
const MOST = 1_000_000_000;
const epoch = z.int().min(0).max(MOST);
const sequence = z.int().min(1).max(MOST);
const count = z.int().min(0).nullish();

export const Lease = builder.objectRef<LeaseShape>('Lease').implement({
  description: 'Who is primary, and for how long.',
  authScopes: { public: true },
  fields: (t) => ({
    role: t.expose('role', { type: ManagerRole }),
    epoch: t.exposeInt('epoch', {
      description: 'Of the current primary; every report of the primary carries it.',
    }),
    durationMs: t.exposeInt('durationMs', {
      description: 'Milliseconds, from when the request was sent, for which the lease holds.',
    }),
    renewEveryMs: t.exposeInt('renewEveryMs', { description: 'Renew at this pace, milliseconds.' }),
    primaryName: t.exposeString('primaryName', { nullable: true }),
    membershipSequence: t.exposeInt('membershipSequence', {
      description: 'The last membership report that was applied under this epoch; 0: none yet.',
    }),
    snapshotWanted: t.exposeBoolean('snapshotWanted', { description: 'Report a SNAPSHOT next.' }),
  }),
});

const RenewLeaseInput = builder.inputType('RenewLeaseInput', {
  fields: (t) => ({
    epoch: t.int({ required: true, description: 'The epoch that the manager believes in.', validate: epoch }),
    membershipSequence: t.int({
      required: true,
      description: 'The last membership report that it was told was applied.',
      validate: epoch,
    }),
    membershipDigest: t.string({
      description:
        'Of the nodes as they are after that report; see PROTOCOL.md. A SNAPSHOT is wanted where it differs.',
      validate: z
        .string()
        .regex(/^[0-9a-f]{16}$/, 'must be 16 lower-case hex digits')
        .nullish(),
    }),
  }),
});
const RenewLeasePayload = builder.objectRef<{ lease: LeaseShape }>('RenewLeasePayload').implement({
  authScopes: { manager: true },
  fields: (t) => ({ lease: t.expose('lease', { type: Lease }) }),
});

const LeaveInput = builder.inputType('LeaveInput', {
  fields: (t) => ({
    epoch: t.int({ required: true, validate: epoch }),
    reason: t.string({ validate: input.shortText.nullish() }),
  }),
});
const LeavePayload = builder.objectRef<{ left: boolean }>('LeavePayload').implement({
  authScopes: { manager: true },
  fields: (t) => ({ left: t.exposeBoolean('left') }),
});

const MembershipReportKind = builder.enumType('MembershipReportKind', {
  values: ['SNAPSHOT', 'DELTA'] as const,
});

/** Of a whole node at once: thousands of them may be in one report. */
const nodeFacts = z.object({
  name: input.name,
  statusReason: input.line.nullish(),
  role: input.shortText.nullish(),
  host: input.shortText.nullish(),
  zone: input.shortText.nullish(),
  version: input.shortText.nullish(),
  os: input.shortText.nullish(),
  pid: count,
  address: input.shortText.nullish(),
  cpuCount: count,
  memoryTotal: z.number().min(0).nullish(),
  restarts: count,
  labels: input.labels.nullish(),
  consoleUrl: input.httpUrl.nullish(),
  lastOutput: input.outputLines.nullish(),
});

const NodeInput = builder.inputType('NodeInput', {
  validate: input.asItIs(nodeFacts),
  fields: (t) => ({
    name: t.string({ required: true }),
    status: t.field({ type: NodeStatus, required: true, description: 'Not LEFT and not UNKNOWN.' }),
    statusReason: t.string(),
    role: t.string(),
    host: t.string(),
    zone: t.string(),
    version: t.string(),
    os: t.string(),
    pid: t.int(),
    address: t.string(),
    cpuCount: t.int(),
    memoryTotal: t.float({ description: 'Bytes.' }),
    startedAt: t.field({ type: 'DateTime' }),
    restarts: t.int({ defaultValue: 0 }),
    labels: t.field({ type: [LabelInput], defaultValue: [] }),
    consoleUrl: t.string(),
    lastOutput: t.stringList({ defaultValue: [] }),
  }),
});

const NodeLeftInput = builder.inputType('NodeLeftInput', {
  fields: (t) => ({
    name: t.string({ required: true, validate: input.name }),
    reason: t.string({ validate: input.line.nullish() }),
  }),
});

const ReportMembershipInput = builder.inputType('ReportMembershipInput', {
  fields: (t) => ({
    epoch: t.int({ required: true, validate: epoch }),
    sequence: t.int({
      required: true,
      description: '1, 2, 3 … under each epoch. A SNAPSHOT may skip ahead, a DELTA follows its predecessor.',
      validate: sequence,
    }),
    kind: t.field({ type: MembershipReportKind, required: true }),
    nodes: t.field({
      type: [NodeInput],
      defaultValue: [],
      description: 'SNAPSHOT: all nodes. DELTA: those that joined or changed, each whole.',
      validate: z.array(z.unknown()).max(5000, 'must have at most 5,000 nodes').nullish(),
    }),
    left: t.field({
      type: [NodeLeftInput],
      defaultValue: [],
      description:
        'Those that left, as far as it is known; a node that a SNAPSHOT does not name has left too.',
      validate: z.array(z.unknown()).max(5000, 'must have at most 5,000 nodes').nullish(),
    }),
  }),
});
const ReportMembershipPayload = builder
  .objectRef<{ applied: boolean; sequence: number }>('ReportMembershipPayload')
  .implement({
    authScopes: { manager: true },
    fields: (t) => ({
      applied: t.exposeBoolean('applied', { description: 'False for a report that was applied before.' }),
      sequence: t.exposeInt('sequence', { description: 'The last that is applied.' }),
    }),
  });

builder.mutationFields((t) => ({
  renewLease: t.field({
    type: RenewLeasePayload,
    description: 'The manager’s heartbeat.',
    authScopes: { manager: true },
    args: { input: t.arg({ type: RenewLeaseInput, required: true }) },
    resolve: async (_parent, args, { deps, principal }) => ({
      lease: await renewLease(deps, asManager(principal), args.input),
    }),
  }),
  leave: t.field({
    type: LeavePayload,
    description: 'A manager says that it stops, so that a standby need not wait for its lease to run out.',
    authScopes: { manager: true },
    args: { input: t.arg({ type: LeaveInput, required: true }) },
    resolve: async (_parent, args, { deps, principal }) => {
      await leave(deps, asManager(principal), args.input.epoch, args.input.reason ?? null);
      return { left: true };
    },
  }),
  reportMembership: t.field({
    extensions: { largeInput: true },
    type: ReportMembershipPayload,
    authScopes: { manager: true },
    args: { input: t.arg({ type: ReportMembershipInput, required: true }) },
    resolve: (_parent, { input: report }, { deps, principal }) =>
      reportMembership(deps, asManager(principal), {
        epoch: report.epoch,
        sequence: report.sequence,
        kind: report.kind,
        nodes: (report.nodes ?? []).map(reportedNode),
        left: (report.left ?? []).map(({ name, reason }) => ({ name, reason: reason ?? null })),
      }),
  }),
}));

function reportedNode(node: typeof NodeInput.$inferInput, index: number): ReportedNode {
  const { status } = node;
  if (status === 'LEFT' || status === 'UNKNOWN') {
    throw invalid(`input.nodes.${index}.status`, `a manager does not report a node as ${status}`);
  }
  return {
    name: node.name,
    status,
    statusReason: node.statusReason,
    role: node.role,
    host: node.host,
    zone: node.zone,
    version: node.version,
    os: node.os,
    pid: node.pid,
    address: node.address,
    cpuCount: node.cpuCount,
    memoryTotal: node.memoryTotal,
    startedAt: node.startedAt,
    restarts: node.restarts ?? 0,
    labels: input.labelRecord(node.labels ?? []),
    consoleUrl: node.consoleUrl,
    lastOutput: node.lastOutput ?? [],
  };
}
