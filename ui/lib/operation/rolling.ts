import type { Enum, VariablesOf } from '$lib/kit/graphql.ts';
import { amountOf, amountWords, secondsOf, type AmountInput } from './amount.ts';
import type { PlanOperation } from './plan-queries.ts';
import type { StrategyParts } from './saved/queries.ts';
import { firstWrong, type TypedField } from './typed-field.ts';

export type OperationInput = VariablesOf<typeof PlanOperation>['input'];

type RollingShape = NonNullable<StrategyParts['rolling']>;

/** What every dialog asks for. */
export const ROLLING_FIELDS = [
  {
    name: 'batchSize',
    label: 'Batch size',
    hint: 'nodes restarted at once: 2, or 25% of a cluster',
    as: 'amount',
    min: 1,
    max: 10_000,
  },
  {
    name: 'maxUnavailable',
    label: 'Max unavailable',
    hint: 'nodes not healthy at once, whatever the reason: 2 or 25%',
    as: 'amount',
    min: 1,
    max: 10_000,
  },
  {
    name: 'healthTimeoutSeconds',
    label: 'Health timeout',
    hint: 'what a restarted node may take: 60 s or 5 min',
    as: 'seconds',
    min: 1,
    max: 3600,
  },
  {
    name: 'pauseSeconds',
    label: 'Pause between batches',
    hint: 'rest after each batch: 0 or 2 min',
    as: 'seconds',
    min: 0,
    max: 86_400,
  },
  {
    name: 'stopAfterFailures',
    label: 'Stop after failures',
    hint: 'failed nodes of a cluster, then no further batch there',
    as: 'amount',
    min: 1,
    max: 10_000,
  },
] as const satisfies readonly TypedField[];

/** What the wizard asks for beside. */
export const FINER_FIELDS = [
  {
    name: 'minHealthySeconds',
    label: 'Healthy for',
    hint: 'a node counts only after it was healthy so long',
    as: 'seconds',
    min: 0,
    max: 3600,
  },
] as const satisfies readonly TypedField[];

export const ORDER_WORDS: Record<Enum<'RollingOrder'>, string> = {
  NAME: 'by name',
  ZONE: 'by zone',
  OLDEST_FIRST: 'oldest first',
};

type Name = (typeof ROLLING_FIELDS | typeof FINER_FIELDS)[number]['name'];

/** A rolling strategy as it is typed. */
export type RollingForm = Record<Name, string> & {
  byZone: boolean;
  order: Enum<'RollingOrder'>;
  /** Roles, with commas. */
  lastRoles: string;
};

export const ROLLING_DEFAULTS: RollingForm = {
  batchSize: '1',
  maxUnavailable: '1',
  healthTimeoutSeconds: '60',
  pauseSeconds: '0',
  stopAfterFailures: '1',
  minHealthySeconds: '0',
  byZone: false,
  order: 'NAME',
  lastRoles: '',
};

/** What is wrong with a rolling strategy, in a sentence. */
export const wrongRolling = (form: RollingForm): string | undefined =>
  firstWrong<Name>([...ROLLING_FIELDS, ...FINER_FIELDS], form);

/** A rolling strategy that has nothing wrong, as the API takes it. */
export function rollingInput(form: RollingForm): NonNullable<OperationInput['rolling']> {
  const amount = (typed: string): AmountInput => amountOf(typed) ?? { count: 1 };
  const seconds = (typed: string): number => secondsOf(typed) ?? 0;
  return {
    batchSize: amount(form.batchSize),
    maxUnavailable: amount(form.maxUnavailable),
    stopAfterFailures: amount(form.stopAfterFailures),
    healthTimeoutSeconds: seconds(form.healthTimeoutSeconds),
    minHealthySeconds: seconds(form.minHealthySeconds),
    pauseSeconds: seconds(form.pauseSeconds),
    byZone: form.byZone,
    order: form.order,
    lastRoles: listOf(form.lastRoles),
  };
}

/** A strategy of the API as it is typed: the other way of {@link rollingInput}. */
export const rollingForm = (strategy: RollingShape): RollingForm => ({
  batchSize: amountWords(strategy.batchSize),
  maxUnavailable: amountWords(strategy.maxUnavailable),
  stopAfterFailures: amountWords(strategy.stopAfterFailures),
  healthTimeoutSeconds: String(strategy.healthTimeoutSeconds),
  minHealthySeconds: String(strategy.minHealthySeconds),
  pauseSeconds: String(strategy.pauseSeconds),
  byZone: strategy.byZone,
  order: strategy.order,
  lastRoles: strategy.lastRoles.join(', '),
});

/** Words with commas between them, as a list. */
export const listOf = (typed: string): string[] => [
  ...new Set(
    typed
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  ),
];
