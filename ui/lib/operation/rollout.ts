import type { Enum } from '$lib/kit/graphql.ts';
import { amountOf, amountWords, secondsOf } from './amount.ts';
import { listOf, type OperationInput } from './rolling.ts';
import type { StrategyParts } from './saved/queries.ts';
import { firstWrong, type TypedField } from './typed-field.ts';

type RolloutShape = StrategyParts['rollout'];

export const ROLLOUT_FIELDS = [
  {
    name: 'clustersAtOnce',
    label: 'Clusters at once',
    hint: 'of a wave, under way together; those offline do not count',
    as: 'count',
    min: 1,
    max: 10_000,
  },
  {
    name: 'soakSeconds',
    label: 'Soak',
    hint: 'how long the clusters of a wave must stay healthy before the next: 0 or 10 min',
    as: 'seconds',
    min: 0,
    max: 604_800,
  },
  {
    name: 'failureBudget',
    label: 'Failure budget',
    hint: 'clusters of a wave that may fail: 0, 2 or 5%',
    as: 'amount',
    min: 0,
    max: 10_000,
  },
  {
    name: 'offlineBudget',
    label: 'Offline budget',
    hint: 'clusters of a wave that it does not wait for while they are offline: 3 or 100%',
    as: 'amount',
    min: 0,
    max: 10_000,
  },
  {
    name: 'approvals',
    label: 'Approvals',
    hint: 'people other than you who must approve it before it begins',
    as: 'count',
    min: 0,
    max: 10,
  },
] as const satisfies readonly TypedField[];

type Name = (typeof ROLLOUT_FIELDS)[number]['name'];

/** By what a wave takes its clusters; `rest`: all that are left. */
export const WAVE_RULES = {
  amount: 'so many',
  labels: 'with labels',
  names: 'by name',
  rest: 'the rest',
} as const;
export type WaveBy = keyof typeof WAVE_RULES;

/** A wave as it is typed. */
export interface WaveForm {
  name: string;
  by: WaveBy;
  /** `2` or `5%`; `env=prod, zone=a`; names with commas; nothing for the rest. */
  value: string;
  manualGate: boolean;
  /** Empty: as the strategy says. */
  soak: string;
}

/** A rollout as it is typed. No wave: all in one. */
export type RolloutForm = Record<Name, string> & {
  onExceeded: Enum<'OnExceeded'>;
  waves: WaveForm[];
};

export const ROLLOUT_DEFAULTS: RolloutForm = {
  clustersAtOnce: '10',
  soakSeconds: '0',
  failureBudget: '0',
  offlineBudget: '100%',
  approvals: '0',
  onExceeded: 'PAUSE',
  waves: [],
};

const wave = (name: string, by: WaveBy, value: string, manualGate = false): WaveForm => ({
  name,
  by,
  value,
  manualGate,
  soak: '',
});

/** Waves to begin with: what most rollouts are. */
export const PRESETS: readonly { name: string; hint: string; waves: readonly WaveForm[] }[] = [
  { name: 'One wave', hint: 'all clusters, so many at once', waves: [] },
  {
    name: 'Canary, then the rest',
    hint: 'one cluster first; the rest when someone promotes it',
    waves: [wave('canary', 'amount', '1'), wave('rest', 'rest', '', true)],
  },
  {
    name: '10%, 50%, the rest',
    hint: 'larger and larger, each after the one before',
    waves: [wave('10%', 'amount', '10%'), wave('half', 'amount', '50%'), wave('rest', 'rest', '')],
  },
];

/** Another wave for those that are there: before the rest, where there is one. */
export function withWave(waves: readonly WaveForm[]): WaveForm[] {
  const names = new Set(waves.map(({ name }) => name));
  let number = waves.length + 1;
  while (names.has(`wave ${number}`)) number++;
  const added = wave(`wave ${number}`, 'amount', '10%');
  const rest = waves.findIndex(({ by }) => by === 'rest');
  return rest < 0 ? [...waves, added] : [...waves.slice(0, rest), added, ...waves.slice(rest)];
}

/** Whether what such an operation does can be taken back: a restart leaves nothing behind. */
export const isRevertible = (kind: Enum<'OperationKind'>): boolean => kind === 'SHUTDOWN' || kind === 'START';

/** What is wrong with a wave, beginning in lower case. */
export function wrongWave({ name, by, value, soak }: WaveForm): string | undefined {
  if (name.trim() === '') return 'needs a name';
  if (by === 'amount' && !amountOf(value)) return 'takes so many clusters, like 2 or 10%';
  if (by === 'labels' && !labelsOf(value)) return 'takes clusters by labels, like env=prod, zone=a';
  if (by === 'names' && listOf(value).length === 0)
    return 'takes clusters by their names, with commas between';
  if (soak.trim() !== '' && secondsOf(soak) === undefined) return 'soaks for a time, like 90 or 5 min';
  return undefined;
}

/** What is wrong with a rollout, in a sentence. */
export function wrongRollout(form: RolloutForm): string | undefined {
  for (const [index, one] of form.waves.entries()) {
    const wrong = wrongWave(one);
    if (wrong) return `Wave ${index + 1} ${wrong}.`;
  }
  return firstWrong<Name>(ROLLOUT_FIELDS, form);
}

/** A rollout that has nothing wrong, as the API takes it. */
export function rolloutInput(form: RolloutForm): NonNullable<OperationInput['rollout']> {
  return {
    waves: form.waves.map((one) => ({
      name: one.name.trim(),
      manualGate: one.manualGate,
      ...choiceOf(one),
      ...(one.soak.trim() === '' ? {} : { soakSeconds: secondsOf(one.soak) ?? 0 }),
    })),
    clustersAtOnce: Number(form.clustersAtOnce),
    soakSeconds: secondsOf(form.soakSeconds) ?? 0,
    failureBudget: amountOf(form.failureBudget) ?? { count: 0 },
    offlineBudget: amountOf(form.offlineBudget) ?? { percent: 100 },
    onExceeded: form.onExceeded,
    approvals: Number(form.approvals),
  };
}

/** A rollout of the API as it is typed: the other way of {@link rolloutInput}. */
export const rolloutForm = (rollout: RolloutShape): RolloutForm => ({
  waves: rollout.waves.map((one) => ({
    name: one.name,
    ...typedChoice(one),
    manualGate: one.manualGate,
    soak: one.soakSeconds === null ? '' : String(one.soakSeconds),
  })),
  clustersAtOnce: String(rollout.clustersAtOnce),
  soakSeconds: String(rollout.soakSeconds),
  failureBudget: amountWords(rollout.failureBudget),
  offlineBudget: amountWords(rollout.offlineBudget),
  onExceeded: rollout.onExceeded,
  approvals: String(rollout.approvals),
});

function typedChoice({ labels, clusterNames, amount }: RolloutShape['waves'][number]): {
  by: WaveBy;
  value: string;
} {
  if (labels) return { by: 'labels', value: labels.map(({ key, value }) => `${key}=${value}`).join(', ') };
  if (clusterNames) return { by: 'names', value: clusterNames.join(', ') };
  if (!amount || amount.percent === 100) return { by: 'rest', value: '' };
  return { by: 'amount', value: amountWords(amount) };
}

function choiceOf({ by, value }: WaveForm) {
  if (by === 'labels') return { labels: labelsOf(value) ?? [] };
  if (by === 'names') return { clusterNames: listOf(value) };
  return { amount: by === 'rest' ? { percent: 100 } : (amountOf(value) ?? { count: 0 }) };
}

/** Labels as they are typed, `env=prod, zone=a`; undefined when one of them is none, or none is there. */
export function labelsOf(typed: string): { key: string; value: string }[] | undefined {
  const labels = listOf(typed).map((pair) => {
    const at = pair.indexOf('=');
    return { key: pair.slice(0, Math.max(0, at)).trim(), value: pair.slice(at + 1).trim() };
  });
  return labels.length > 0 && labels.every(({ key, value }) => key !== '' && value !== '')
    ? labels
    : undefined;
}
