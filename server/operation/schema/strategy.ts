import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import * as input from '../../graphql/input.ts';
import { Label, LabelInput } from '../../graphql/label.ts';
import { invalid } from '../../platform/errors.ts';
import {
  amountOf,
  ROLLING_ORDERS,
  ONE_WAVE,
  type Amount as AmountShape,
  type RollingLimits as RollingLimitsShape,
  type RollingStrategy as RollingShape,
  type RolloutStrategy as RolloutShape,
  type WaveChoice,
  type WaveRule as WaveRuleShape,
} from '../strategy.ts';

const DAY = 86_400;
const between = (min: number, max: number) => z.int().min(min).max(max).nullish();

const OnExceeded = builder.enumType('OnExceeded', {
  description: 'What happens when more clusters of a wave fail than its budget allows.',
  values: {
    PAUSE: { description: 'The operation is paused.' },
    STOP: { description: 'Nothing more is begun, and the operation has failed.' },
    REVERT: {
      description:
        'As STOP; and when all that is under way has ended, what was done is taken back, as by `revertOperation`. INVALID with what has no inverse, such as a restart.',
    },
  } as const,
});
const RollingOrder = builder.enumType('RollingOrder', { values: ROLLING_ORDERS });

const Amount = builder.objectRef<AmountShape>('Amount').implement({
  description: 'So many, or so many percent (rounded down) of what there is: one of both.',
  authScopes: { public: true },
  fields: (t) => ({
    count: t.int({ nullable: true, resolve: (amount) => ('count' in amount ? amount.count : null) }),
    percent: t.int({ nullable: true, resolve: (amount) => ('percent' in amount ? amount.percent : null) }),
  }),
});

const WaveRule = builder.objectRef<WaveRuleShape>('WaveRule').implement({
  description: 'Which clusters make a wave: those with all labels, or with one of the names, or so many.',
  authScopes: { public: true },
  fields: (t) => ({
    name: t.exposeString('name'),
    labels: t.field({
      type: [Label],
      nullable: true,
      resolve: ({ choice }) => (choice.by === 'labels' ? choice.labels : null),
    }),
    clusterNames: t.stringList({
      nullable: true,
      resolve: ({ choice }) => (choice.by === 'names' ? choice.clusterNames : null),
    }),
    amount: t.field({
      type: Amount,
      nullable: true,
      resolve: ({ choice }) => (choice.by === 'amount' ? choice.amount : null),
    }),
    manualGate: t.exposeBoolean('manualGate'),
    soakSeconds: t.exposeInt('soakSeconds', { nullable: true, description: 'Null: as the strategy says.' }),
  }),
});

export const RolloutStrategy = builder.objectRef<RolloutShape>('RolloutStrategy').implement({
  description: 'How an operation goes over its clusters.',
  authScopes: { public: true },
  fields: (t) => ({
    waves: t.expose('waves', { type: [WaveRule] }),
    approvals: t.exposeInt('approvals', {
      description: 'How many people other than who starts it must approve it before it begins.',
    }),
    clustersAtOnce: t.exposeInt('clustersAtOnce'),
    soakSeconds: t.exposeInt('soakSeconds'),
    failureBudget: t.expose('failureBudget', { type: Amount }),
    onExceeded: t.expose('onExceeded', { type: OnExceeded }),
    offlineBudget: t.expose('offlineBudget', { type: Amount }),
  }),
});

export const RollingStrategy = builder.objectRef<RollingShape>('RollingStrategy').implement({
  description: 'How a rolling restart goes over the nodes of one cluster.',
  authScopes: { public: true },
  fields: (t) => ({
    batchSize: t.expose('batchSize', { type: Amount }),
    maxUnavailable: t.expose('maxUnavailable', { type: Amount }),
    byZone: t.exposeBoolean('byZone'),
    order: t.expose('order', { type: RollingOrder }),
    lastRoles: t.exposeStringList('lastRoles'),
    healthTimeoutSeconds: t.exposeInt('healthTimeoutSeconds'),
    minHealthySeconds: t.exposeInt('minHealthySeconds'),
    pauseSeconds: t.exposeInt('pauseSeconds'),
    stopAfterFailures: t.expose('stopAfterFailures', { type: Amount }),
  }),
});

export const RollingLimits = builder.objectRef<RollingLimitsShape>('RollingLimits').implement({
  description: 'A rolling strategy in the numbers of one cluster.',
  authScopes: { public: true },
  fields: (t) => ({
    batchSize: t.exposeInt('batchSize'),
    maxUnavailable: t.exposeInt('maxUnavailable'),
    healthTimeoutSeconds: t.exposeInt('healthTimeoutSeconds'),
    minHealthySeconds: t.exposeInt('minHealthySeconds', {
      description: 'Seconds that a restarted node must stay healthy before it counts.',
    }),
    pauseSeconds: t.exposeInt('pauseSeconds'),
    stopAfterFailures: t.exposeInt('stopAfterFailures'),
  }),
});

const AmountInput = builder.inputType('AmountInput', {
  isOneOf: true,
  description: 'So many, or so many percent (rounded down) of what there is.',
  fields: (t) => ({
    count: t.int({ validate: z.int().min(0).max(10_000).nullish() }),
    percent: t.int({ validate: z.int().min(0).max(100).nullish() }),
  }),
});

const WaveInput = builder.inputType('WaveInput', {
  description:
    'A wave takes from the clusters that no earlier one took: those with all labels, or with one of the names, or so many (a percentage is one of all clusters). Exactly one of the three.',
  fields: (t) => ({
    name: t.string({ required: true, validate: input.name }),
    labels: t.field({ type: [LabelInput], validate: input.labels.nullish() }),
    clusterNames: t.stringList({
      validate: z.array(input.name).max(1000, 'must have at most 1,000 names').nullish(),
    }),
    amount: t.field({ type: AmountInput }),
    manualGate: t.boolean({
      defaultValue: false,
      description: 'It does not begin before someone has promoted it.',
    }),
    soakSeconds: t.int({ validate: between(0, 7 * DAY) }),
  }),
});

export const RolloutInput = builder.inputType('RolloutInput', {
  description: 'How the operation goes over its clusters. Left out: all in one wave.',
  fields: (t) => ({
    waves: t.field({
      type: [WaveInput],
      description: 'What they leave is one more wave at the end.',
      validate: z.array(z.unknown()).max(50, 'must have at most 50 waves').nullish(),
    }),
    approvals: t.int({
      defaultValue: 0,
      description:
        'How many people other than who starts it must approve it before it begins; rules for clusters may ask for more.',
      validate: between(0, 10),
    }),
    clustersAtOnce: t.int({
      defaultValue: ONE_WAVE.clustersAtOnce,
      description: 'Clusters of a wave that are under way at once; those that are offline do not count.',
      validate: between(1, 10_000),
    }),
    soakSeconds: t.int({
      defaultValue: 0,
      description: 'Seconds that a wave’s clusters must stay healthy after the last of them is done.',
      validate: between(0, 7 * DAY),
    }),
    failureBudget: t.field({
      type: AmountInput,
      defaultValue: { count: 0 },
      description: 'Clusters of a wave that may fail.',
    }),
    onExceeded: t.field({ type: OnExceeded, defaultValue: 'PAUSE' }),
    offlineBudget: t.field({
      type: AmountInput,
      defaultValue: { percent: 100 },
      description: 'Clusters of a wave for which it does not wait while they are offline.',
    }),
  }),
});

export const RollingInput = builder.inputType('RollingInput', {
  fields: (t) => ({
    batchSize: t.field({
      type: AmountInput,
      defaultValue: { count: 1 },
      description: 'Nodes restarted at once; at least one.',
    }),
    maxUnavailable: t.field({
      type: AmountInput,
      defaultValue: { count: 1 },
      description:
        'Nodes of a cluster that may be other than healthy at once, whatever the reason; at least one.',
    }),
    byZone: t.boolean({ defaultValue: false, description: 'One zone after the other; no batch spans two.' }),
    order: t.field({ type: RollingOrder, defaultValue: 'NAME' }),
    lastRoles: t.stringList({
      description: 'Nodes with one of these roles come after all others.',
      validate: z.array(input.name).max(20, 'must have at most 20 roles').nullish(),
    }),
    healthTimeoutSeconds: t.int({
      defaultValue: 60,
      description: 'Seconds that a restarted node may take to be healthy.',
      validate: between(1, 3600),
    }),
    minHealthySeconds: t.int({
      defaultValue: 0,
      description: 'Seconds that it must stay healthy before it counts.',
      validate: between(0, 3600),
    }),
    pauseSeconds: t.int({
      defaultValue: 0,
      description: 'Seconds of rest between batches.',
      validate: between(0, DAY),
    }),
    stopAfterFailures: t.field({
      type: AmountInput,
      defaultValue: { count: 1 },
      description: 'Failed nodes in a cluster after which no further batch begins there; at least one.',
    }),
  }),
});

type AmountGiven = typeof AmountInput.$inferInput | null | undefined;

const amountFrom = (given: AmountGiven, otherwise: AmountShape): AmountShape => {
  if (given?.count !== null && given?.count !== undefined) return { count: given.count };
  if (given?.percent !== null && given?.percent !== undefined) return { percent: given.percent };
  return otherwise;
};

/** @throws AppError INVALID for a wave that says not, or twice, which clusters it takes. */
export function rolloutFrom(
  path: string,
  given: typeof RolloutInput.$inferInput | null | undefined,
): RolloutShape {
  if (!given) return ONE_WAVE;
  return {
    waves: (given.waves ?? []).map((wave, index) => ({
      name: wave.name,
      choice: choiceFrom(`${path}.waves.${index}`, wave),
      manualGate: wave.manualGate ?? false,
      soakSeconds: wave.soakSeconds ?? null,
    })),
    approvals: given.approvals ?? 0,
    clustersAtOnce: given.clustersAtOnce ?? ONE_WAVE.clustersAtOnce,
    soakSeconds: given.soakSeconds ?? 0,
    failureBudget: amountFrom(given.failureBudget, ONE_WAVE.failureBudget),
    onExceeded: given.onExceeded ?? 'PAUSE',
    offlineBudget: amountFrom(given.offlineBudget, ONE_WAVE.offlineBudget),
  };
}

function choiceFrom(
  path: string,
  { labels, clusterNames, amount }: typeof WaveInput.$inferInput,
): WaveChoice {
  const choices: WaveChoice[] = [];
  if (labels) choices.push({ by: 'labels', labels });
  if (clusterNames) choices.push({ by: 'names', clusterNames });
  if (amount) choices.push({ by: 'amount', amount: amountFrom(amount, { count: 1 }) });
  const [choice, more] = choices;
  if (!choice || more)
    throw invalid(path, 'says by exactly one of labels, clusterNames and amount what it takes');
  if (labels?.length === 0 || clusterNames?.length === 0)
    throw invalid(path, 'is empty: nothing never means all');
  return choice;
}

/** @throws AppError INVALID for less than one where less would never get anything done. */
export const rollingFrom = (
  path: string,
  given: typeof RollingInput.$inferInput | null | undefined,
): RollingShape => ({
  batchSize: someFrom(`${path}.batchSize`, given?.batchSize),
  maxUnavailable: someFrom(`${path}.maxUnavailable`, given?.maxUnavailable),
  byZone: given?.byZone ?? false,
  order: given?.order ?? 'NAME',
  lastRoles: given?.lastRoles ?? [],
  healthTimeoutSeconds: given?.healthTimeoutSeconds ?? 60,
  minHealthySeconds: given?.minHealthySeconds ?? 0,
  pauseSeconds: given?.pauseSeconds ?? 0,
  stopAfterFailures: someFrom(`${path}.stopAfterFailures`, given?.stopAfterFailures),
});

function someFrom(path: string, given: AmountGiven): AmountShape {
  const amount = amountFrom(given, { count: 1 });
  if (amountOf(amount, 100) < 1) throw invalid(path, 'must be at least 1');
  return amount;
}
