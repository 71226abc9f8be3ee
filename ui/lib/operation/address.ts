import { KINDS } from '../kit/words.ts';
import { LATE, LATENESS, type Late } from './lateness.ts';
import type { Draft } from './draft.svelte.ts';
import { ORDER_WORDS, ROLLING_DEFAULTS, type RollingForm } from './rolling.ts';
import { ROLLOUT_DEFAULTS, WAVE_RULES, type RolloutForm, type WaveBy, type WaveForm } from './rollout.ts';

/** The wizard's steps, in their order. */
export const STEPS = ['targets', 'strategy', 'plan', 'start'] as const;
export type Step = (typeof STEPS)[number];

/** As many chosen ids as an address can carry. */
export const ADDRESS_LIMIT = 100;
const LONGEST = 200;

type Filled = Pick<Draft, 'kind' | 'mode' | 'targets' | 'rolling' | 'rollout' | 'late'>;

/** What an address says of a draft; what it says wrongly is dropped. */
export function readDraft(params: URLSearchParams): Filled {
  const rolling = { ...ROLLING_DEFAULTS };
  const rollout: RolloutForm = { ...ROLLOUT_DEFAULTS, waves: [] };
  const texts = (form: RollingForm | RolloutForm): void => {
    const target = form as Record<string, unknown>;
    for (const [name, value] of Object.entries(form)) {
      const said = params.get(name);
      if (typeof value === 'string' && said !== null) target[name] = said.slice(0, LONGEST);
    }
  };
  texts(rolling);
  texts(rollout);
  rolling.byZone = params.get('byZone') === 'true';
  if (!(rolling.order in ORDER_WORDS)) rolling.order = ROLLING_DEFAULTS.order;
  if (!['STOP', 'REVERT'].includes(rollout.onExceeded)) rollout.onExceeded = 'PAUSE';
  rollout.waves = params.getAll('wave').slice(0, 50).flatMap(readWave);
  return {
    kind: KINDS.find((kind) => kind === params.get('act')) ?? 'ROLLING_RESTART',
    mode: params.get('mode') === 'FORCED' ? 'FORCED' : 'GRACEFUL',
    targets: {
      clusterIds: ids(params.getAll('cluster')),
      nodeIds: ids(params.getAll('node')),
      selection: ids(params.getAll('selection'))[0] ?? null,
    },
    rolling,
    rollout,
    late: lateIn(params.get('late')),
  };
}

const lateIn = (said: string | null): Late =>
  said !== null && Object.hasOwn(LATENESS, said) ? (said as Late) : LATE;

/** The same draft as parameters: only what is other than at the beginning. */
export function writeDraft({
  kind,
  mode,
  targets,
  rolling,
  rollout,
  late,
}: Filled): Record<string, string | string[]> {
  const { waves, ...budgets } = rollout;
  const texts: Record<string, string> = {};
  const begin: Record<string, unknown> = { ...ROLLING_DEFAULTS, ...ROLLOUT_DEFAULTS };
  for (const [name, value] of Object.entries({ ...rolling, ...budgets }))
    texts[name] = value === begin[name] ? '' : String(value);
  const short = (all: readonly string[]): string[] => (all.length <= ADDRESS_LIMIT ? [...all] : []);
  return {
    ...texts,
    act: kind === 'ROLLING_RESTART' ? '' : kind,
    mode: mode === 'FORCED' ? mode : '',
    late: late === LATE ? '' : late,
    cluster: short(targets.clusterIds),
    node: short(targets.nodeIds),
    selection: targets.selection ?? '',
    wave: waves.map(({ name, by, value, manualGate, soak }) =>
      JSON.stringify([name, by, value, manualGate, soak]),
    ),
  };
}

function readWave(written: string): WaveForm[] {
  try {
    const [name, by, value, manualGate, soak] = JSON.parse(written) as unknown[];
    const texts = [name, value, soak].every((one) => typeof one === 'string' && one.length <= LONGEST * 5);
    if (!texts || typeof by !== 'string' || !(by in WAVE_RULES) || typeof manualGate !== 'boolean') return [];
    return [
      { name: name as string, by: by as WaveBy, value: value as string, manualGate, soak: soak as string },
    ];
  } catch {
    return [];
  }
}

const ids = (said: readonly string[]): string[] =>
  [...new Set(said.filter((id) => /^[\w-]{1,64}$/.test(id)))].slice(0, ADDRESS_LIMIT);
