import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { costing } from '../../graphql/cost.ts';
import * as input from '../../graphql/input.ts';
import { invalid } from '../../platform/errors.ts';
import { abortOperation } from '../abort.ts';
import type { RollingStrategy as RollingShape } from '../plan.ts';
import { plan, startOperation, type OperationRequest } from '../start.ts';
import { Operation, OperationKind, OperationMode } from './operation.ts';
import { OperationPlan } from './plan.ts';

const DAY = 86_400;
const between = (min: number, max: number) => z.int().min(min).max(max).nullish();

const TargetsInput = builder.inputType('TargetsInput', {
  description: 'What to act on. Empty targets are refused: nothing never means all.',
  fields: (t) => ({
    clusterIds: t.idList({ validate: input.ids.nullish() }),
    nodeIds: t.idList({ validate: input.ids.nullish() }),
  }),
});

const RollingInput = builder.inputType('RollingInput', {
  fields: (t) => ({
    batchSize: t.int({
      defaultValue: 1,
      description: 'Nodes restarted at once.',
      validate: between(1, 1000),
    }),
    maxUnavailable: t.int({
      defaultValue: 1,
      description: 'Nodes of a cluster that may be other than healthy at once, whatever the reason.',
      validate: between(1, 1000),
    }),
    healthTimeoutSeconds: t.int({
      defaultValue: 60,
      description: 'Seconds that a restarted node may take to be healthy.',
      validate: between(1, 3600),
    }),
    pauseSeconds: t.int({
      defaultValue: 0,
      description: 'Seconds of rest between batches.',
      validate: between(0, DAY),
    }),
    stopAfterFailures: t.int({
      defaultValue: 1,
      description: 'Failed nodes in a cluster after which no further batch begins there.',
      validate: between(1, 1000),
    }),
  }),
});

const OperationInput = builder.inputType('OperationInput', {
  fields: (t) => ({
    kind: t.field({ type: OperationKind, required: true }),
    mode: t.field({ type: OperationMode, defaultValue: 'GRACEFUL' }),
    targets: t.field({ type: TargetsInput, required: true }),
    rolling: t.field({ type: RollingInput, description: 'With ROLLING_RESTART only.' }),
    expiresInSeconds: t.int({
      defaultValue: DAY,
      description: 'Seconds after which a command that was not begun expires.',
      validate: between(10, 7 * DAY),
    }),
  }),
});

const StartOperationInput = builder.inputType('StartOperationInput', {
  fields: (t) => ({
    plan: t.field({ type: OperationInput, required: true }),
    planDigest: t.string({
      description: 'Digest of the dry run that was looked at. Another plan by now: CONFLICT, nothing begins.',
      validate: input.shortText.nullish(),
    }),
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

builder.queryFields((t) => ({
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
        reason: start.reason.trim(),
        idempotencyKey: start.idempotencyKey,
      }),
  }),
  abortOperation: t.field({
    type: Operation,
    description: 'Nothing new begins; what is under way is finished.',
    authScopes: { operator: true },
    args: {
      id: t.arg.id({ required: true, validate: input.id }),
      reason: t.arg.string({ validate: input.line.nullish() }),
    },
    resolve: (_parent, { id, reason }, { deps, ...caller }) =>
      abortOperation(deps, caller, id, reason ?? null),
  }),
}));

function operationRequest(path: string, value: typeof OperationInput.$inferInput): OperationRequest {
  if (value.rolling && value.kind !== 'ROLLING_RESTART') {
    throw invalid(`${path}.rolling`, `goes with ROLLING_RESTART only, not with ${value.kind}`);
  }
  const rolling: RollingShape = {
    batchSize: value.rolling?.batchSize ?? 1,
    maxUnavailable: value.rolling?.maxUnavailable ?? 1,
    healthTimeoutSeconds: value.rolling?.healthTimeoutSeconds ?? 60,
    pauseSeconds: value.rolling?.pauseSeconds ?? 0,
    stopAfterFailures: value.rolling?.stopAfterFailures ?? 1,
  };
  return {
    kind: value.kind,
    mode: value.mode ?? 'GRACEFUL',
    rolling: value.kind === 'ROLLING_RESTART' ? rolling : null,
    targets: {
      clusterIds: value.targets.clusterIds ?? [],
      nodeIds: value.targets.nodeIds ?? [],
      path: `${path}.targets`,
    },
    expiresInSeconds: value.expiresInSeconds ?? DAY,
  };
}
