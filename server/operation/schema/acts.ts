import { z } from 'zod';
import { ClusterChoiceInput, choiceFrom } from '../../access/schema/grant.ts';
import { builder } from '../../graphql/builder.ts';
import { costing } from '../../graphql/cost.ts';
import * as input from '../../graphql/input.ts';
import { invalid } from '../../platform/errors.ts';
import { abortOperation } from '../acts/abort.ts';
import { pauseOperation, resumeOperation } from '../acts/pause.ts';
import { promoteOperation } from '../acts/promote.ts';
import { planRevert, revertOperation } from '../acts/revert.ts';
import { retryOperation } from '../acts/retry.ts';
import type { ActRequest } from '../acts/scope.ts';
import { skipOperation } from '../acts/skip.ts';
import { mustBeInvertible } from '../inverse.ts';
import type { OperationRequest } from '../request.ts';
import { plan, startOperation } from '../start.ts';
import { Lateness, Operation, OperationKind, OperationMode } from './operation.ts';
import { OperationPlan } from './plan.ts';
import { RollingInput, rollingFrom, RolloutInput, rolloutFrom } from './strategy.ts';

const DAY = 86_400;

const TargetsInput = builder.inputType('TargetsInput', {
  description: 'What to act on. Empty targets are refused: nothing never means all.',
  fields: (t) => ({
    clusterIds: t.idList({ validate: input.ids.nullish() }),
    nodeIds: t.idList({ validate: input.ids.nullish() }),
    clusters: t.field({ type: ClusterChoiceInput, description: 'By names, and by labels.' }),
    selection: t.string({
      description: 'Name or id of a saved selection.',
      validate: input.shortText.nullish(),
    }),
    system: t.boolean({ defaultValue: false, description: 'All clusters that one sees.' }),
  }),
});

const OperationInput = builder.inputType('OperationInput', {
  fields: (t) => ({
    kind: t.field({ type: OperationKind, required: true }),
    mode: t.field({ type: OperationMode, defaultValue: 'GRACEFUL' }),
    targets: t.field({ type: TargetsInput, required: true }),
    strategy: t.string({
      description: 'Name or id of a saved strategy, instead of `rollout` and `rolling`.',
      validate: input.shortText.nullish(),
    }),
    rollout: t.field({ type: RolloutInput }),
    rolling: t.field({ type: RollingInput, description: 'With ROLLING_RESTART only.' }),
    lateness: t.field({ type: Lateness, defaultValue: 'EXPIRE' }),
    expiresInSeconds: t.int({
      defaultValue: DAY,
      description: 'With EXPIRE: seconds after its issue in which a command must have begun.',
      validate: z
        .int()
        .min(10)
        .max(7 * DAY)
        .nullish(),
    }),
  }),
});

const OverrideInput = builder.inputType('OverrideInput', {
  fields: (t) => ({
    reason: t.string({ required: true, description: 'For the audit log.', validate: input.reason }),
  }),
});

const ScheduleInput = builder.inputType('ScheduleInput', {
  fields: (t) => ({
    schedule: t.string({
      required: true,
      description: 'Cron, five fields, e.g. `30 2 * * SUN`.',
      validate: input.shortText,
    }),
    timeZone: t.string({
      required: true,
      description: 'By whose clocks: an IANA name, e.g. `Europe/Berlin`.',
      validate: input.shortText,
    }),
  }),
});

const StartOperationInput = builder.inputType('StartOperationInput', {
  fields: (t) => ({
    plan: t.field({ type: OperationInput, required: true }),
    planDigest: t.string({
      description:
        'Digest of the dry run that was looked at. Another plan by now: CONFLICT with `differences`, nothing begins.',
      validate: z.string().max(300_000, 'is of no plan').nullish(),
    }),
    override: t.field({
      type: OverrideInput,
      description:
        'Freezes and maintenance windows are not heeded. It needs the role ADMINISTRATOR over all of its clusters.',
    }),
    startsAt: t.field({
      type: 'DateTime',
      description:
        'Nothing of it begins before: a time to come, at most a year ahead. Null: it begins at once.',
    }),
    startsOn: t.field({ type: ScheduleInput, description: 'It begins at the next time of this, instead.' }),
    reason: t.string({
      required: true,
      description: 'Why, for those who read it later.',
      validate: input.reason,
    }),
    idempotencyKey: t.string({
      required: true,
      description:
        'The same key starts one operation, however often it is sent; another request under it: CONFLICT.',
      validate: input.id,
    }),
  }),
});

const OperationScope = builder.inputType('OperationScope', {
  isOneOf: true,
  description: 'A part of an operation: a wave by its index, one cluster’s part, or one node.',
  fields: (t) => ({
    wave: t.int({ validate: z.int().min(0).max(100).nullish() }),
    clusterId: t.id({ validate: input.id.nullish() }),
    nodeId: t.id({ validate: input.id.nullish() }),
  }),
});

const OperationActInput = builder.inputType('OperationActInput', {
  fields: (t) => ({
    operationId: t.id({ required: true, validate: input.id }),
    scope: t.field({ type: OperationScope, description: 'Left out: the whole operation.' }),
    reason: t.string({ validate: input.line.nullish() }),
  }),
});

const RevertOperationInput = builder.inputType('RevertOperationInput', {
  fields: (t) => ({
    operationId: t.id({ required: true, validate: input.id }),
    planDigest: t.string({
      description: 'Of `planRevert`, as with `startOperation`.',
      validate: z.string().max(300_000, 'is of no plan').nullish(),
    }),
    reason: t.string({ required: true, validate: input.reason }),
    idempotencyKey: t.string({
      required: true,
      description: 'As with `startOperation`.',
      validate: input.id,
    }),
  }),
});

builder.queryFields((t) => ({
  planRevert: t.field({
    type: OperationPlan,
    description: 'What `revertOperation` would do. Changes nothing.',
    authScopes: { viewer: true },
    args: { operationId: t.arg.id({ required: true, validate: input.id }) },
    resolve: (_parent, { operationId }, { deps, principal }) => planRevert(deps, principal, operationId),
  }),
  planOperation: t.field({
    type: OperationPlan,
    description: 'What `startOperation` would do. Changes nothing.',
    authScopes: { viewer: true },
    extensions: costing(25_000),
    args: { input: t.arg({ type: OperationInput, required: true }) },
    resolve: (_parent, args, { deps, principal }) =>
      plan(deps, principal, operationRequest('input', args.input)),
  }),
}));

builder.mutationFields((t) => ({
  startOperation: t.field({
    type: Operation,
    authScopes: { operator: true },
    args: { input: t.arg({ type: StartOperationInput, required: true }) },
    resolve: (_parent, { input: start }, { deps, ...caller }) =>
      startOperation(deps, caller, {
        operation: operationRequest('input.plan', start.plan),
        planDigest: start.planDigest ?? null,
        startsAt: start.startsAt ?? null,
        startsOn: start.startsOn ? { ...start.startsOn } : null,
        overrideReason: start.override?.reason.trim() ?? null,
        reason: start.reason.trim(),
        idempotencyKey: start.idempotencyKey,
      }),
  }),
  pauseOperation: t.field({
    type: Operation,
    description:
      'Holds the operation or a part of it: nothing more is issued, and no further batch begins. A node that is paused holds its batch.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: OperationActInput, required: true }) },
    resolve: (_parent, { input: act }, { deps, ...caller }) => pauseOperation(deps, caller, actFrom(act)),
  }),
  resumeOperation: t.field({
    type: Operation,
    description: 'Lets go what was paused on the same level. Failures that have paused it count no more.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: OperationActInput, required: true }) },
    resolve: (_parent, { input: act }, { deps, ...caller }) => resumeOperation(deps, caller, actFrom(act)),
  }),
  promoteOperation: t.field({
    type: Operation,
    description: 'Opens the manual gate of a wave, also ahead of its turn.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: OperationActInput, required: true }) },
    resolve: (_parent, { input: act }, { deps, ...caller }) => promoteOperation(deps, caller, actFrom(act)),
  }),
  skipOperation: t.field({
    type: Operation,
    description: 'Leaves a wave, a cluster or a node out, as far as it was not begun.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: OperationActInput, required: true }) },
    resolve: (_parent, { input: act }, { deps, ...caller }) => skipOperation(deps, caller, actFrom(act)),
  }),
  retryOperation: t.field({
    type: Operation,
    description:
      'Does once more what did not succeed, of the whole or of a part. An ended operation goes on by it.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: OperationActInput, required: true }) },
    resolve: (_parent, { input: act }, { deps, ...caller }) => retryOperation(deps, caller, actFrom(act)),
  }),
  revertOperation: t.field({
    type: Operation,
    description:
      'Starts the operation that takes back what an ended one did: the inverse, on the nodes with which it succeeded. Restarts have none.',
    authScopes: { operator: true },
    args: { input: t.arg({ type: RevertOperationInput, required: true }) },
    resolve: (_parent, { input: revert }, { deps, ...caller }) =>
      revertOperation(deps, caller, {
        operationId: revert.operationId,
        planDigest: revert.planDigest ?? null,
        reason: revert.reason.trim(),
        idempotencyKey: revert.idempotencyKey,
      }),
  }),
  abortOperation: t.field({
    type: Operation,
    description:
      'Nothing new begins; what is under way is finished, or with `atOnce` left as it is. With `atOnce` clusters that are offline are given up: their commands expire, and what they say when they are back is told.',
    authScopes: { operator: true },
    args: {
      input: t.arg({ type: OperationActInput, required: true }),
      atOnce: t.arg.boolean({ defaultValue: false }),
    },
    resolve: (_parent, { input: act, atOnce }, { deps, ...caller }) =>
      abortOperation(deps, caller, { ...actFrom(act), atOnce: atOnce ?? false }),
  }),
}));

const actFrom = ({ operationId, scope, reason }: typeof OperationActInput.$inferInput): ActRequest => ({
  operationId,
  scope: {
    wave: scope?.wave ?? null,
    clusterId: scope?.clusterId ?? null,
    nodeId: scope?.nodeId ?? null,
  },
  reason: reason?.trim() || null,
});

function operationRequest(path: string, value: typeof OperationInput.$inferInput): OperationRequest {
  if (value.rolling && value.kind !== 'ROLLING_RESTART') {
    throw invalid(`${path}.rolling`, `goes with ROLLING_RESTART only, not with ${value.kind}`);
  }
  if (value.strategy && (value.rollout || value.rolling))
    throw invalid(`${path}.strategy`, 'stands instead of rollout and rolling');
  const { system, clusters, selection } = value.targets;
  if (system && clusters) throw invalid(`${path}.targets.system`, 'is all: name no clusters beside it');
  if (clusters && (clusters.names ?? []).length + (clusters.labels ?? []).length === 0)
    throw invalid(`${path}.targets.clusters`, 'is empty: nothing never means all');
  const choice = choiceFrom(`${path}.targets.clusters`, clusters);
  const rollout = rolloutFrom(`${path}.rollout`, value.rollout);
  mustBeInvertible(value.kind, rollout.onExceeded, `${path}.rollout.onExceeded`);
  return {
    kind: value.kind,
    mode: value.mode ?? 'GRACEFUL',
    rollout,
    rolling: value.kind === 'ROLLING_RESTART' ? rollingFrom(`${path}.rolling`, value.rolling) : null,
    targets: {
      clusterIds: value.targets.clusterIds ?? [],
      nodeIds: value.targets.nodeIds ?? [],
      ...((system || choice) && { clusters: choice }),
      selection: selection ?? null,
      path: `${path}.targets`,
    },
    savedStrategy: value.strategy ?? null,
    strategyPath: `${path}.strategy`,
    lateness: value.lateness ?? 'EXPIRE',
    expiresInSeconds: (value.lateness ?? 'EXPIRE') === 'EXPIRE' ? (value.expiresInSeconds ?? DAY) : null,
  };
}
