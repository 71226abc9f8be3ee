import { InvalidArgumentError, Option, type Command } from 'commander';
import type { VariablesOf } from 'gql.tada';
import type { PlanOperation } from './plan-documents.ts';

export type OperationInput = VariablesOf<typeof PlanOperation>['input'];
type Amount = { count: number } | { percent: number };

/** What targets and strategy are made of on the command line. */
export interface OperationOptions {
  cluster?: string[];
  label?: Label[];
  node?: NodeName[];
  selection?: string;
  system?: boolean;
  forced?: boolean;
  strategy?: string;
  batchSize?: Amount;
  maxUnavailable?: Amount;
  byZone?: boolean;
  order?: 'NAME' | 'ZONE' | 'OLDEST_FIRST';
  lastRole?: string[];
  pause?: number;
  minHealthy?: number;
  healthTimeout?: number;
  stopAfter?: Amount;
  canary?: Amount;
  wave?: Wave[];
  clustersAtOnce?: number;
  soak?: number;
  failureBudget?: Amount;
  offlineBudget?: Amount;
  onExceeded?: NonNullable<NonNullable<OperationInput['rollout']>['onExceeded']>;
  approvals?: number;
  expires?: number;
  runLate?: boolean;
  withinWindow?: boolean;
}

interface Label {
  key: string;
  value: string;
}
/** A node by its cluster's name and its own. */
export interface NodeName {
  cluster: string;
  name: string;
}
interface Wave {
  name: string;
  amount: Amount;
  manualGate?: boolean;
}

/** @throws InvalidArgumentError */
export function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A whole number is needed.');
  return Number(text);
}

/** `3` or `20%`. @throws InvalidArgumentError */
export function amount(text: string): Amount {
  const [, digits, percent] = /^(\d{1,9})(%?)$/.exec(text) ?? [];
  if (digits === undefined)
    throw new InvalidArgumentError('A whole number or a percentage is needed: 3, 20%.');
  return percent ? { percent: Number(digits) } : { count: Number(digits) };
}

/** `key=value`. @throws InvalidArgumentError */
export function label(text: string): Label {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('A label is needed: key=value.');
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}

/** `cluster/node`. @throws InvalidArgumentError */
export function nodeName(text: string): NodeName {
  const at = text.indexOf('/');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('A node is needed: cluster/node.');
  return { cluster: text.slice(0, at), name: text.slice(at + 1) };
}

/** `name=3` or `name=20%`. @throws InvalidArgumentError */
export function wave(text: string): Wave {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('A wave is needed: name=3, name=20%.');
  return { name: text.slice(0, at), amount: amount(text.slice(at + 1)) };
}

/** An option that may be given several times, as a list. */
export const each =
  <T>(read: (text: string) => T) =>
  (text: string, before: unknown): T[] => [...((before as T[] | undefined) ?? []), read(text)];
/** A value of an enum by its words: `not-begun`. The OC says which there are. */
export const inCapitals = <T extends string>(text: string): T => text.toUpperCase().replaceAll('-', '_') as T;
const asIs = (text: string) => text;

const oneOf = (flags: string, about: string, values: Record<string, string>): Option =>
  new Option(flags, about).choices(Object.keys(values)).argParser((text) => {
    const value = values[text];
    if (value === undefined)
      throw new InvalidArgumentError(`Allowed choices are ${Object.keys(values).join(', ')}.`);
    return value;
  });

/** Adds what an operation is planned by. */
export function withOperationOptions(command: Command): Command {
  return command
    .optionsGroup('On what:')
    .option('--cluster <name>', 'a cluster; several times for several', each(asIs))
    .option(
      '--label <key=value>',
      'clusters that have it; several: clusters that have all of them',
      each(label),
    )
    .option('--node <cluster/node>', 'a node; several times for several', each(nodeName))
    .option('--selection <name>', 'a saved selection')
    .option('--system', 'all clusters')
    .optionsGroup('How, in each cluster:')
    .option('--strategy <name>', 'a saved strategy, for all that no option says')
    .option('--forced', 'without waiting for nodes to end by themselves')
    .option('--batch-size <amount>', 'nodes at once, e.g. 2 or 10%', amount)
    .option('--max-unavailable <amount>', 'nodes that may be other than healthy at once', amount)
    .option('--by-zone', 'no batch reaches over two zones')
    .addOption(
      oneOf('--order <order>', 'of the nodes', {
        name: 'NAME',
        zone: 'ZONE',
        'oldest-first': 'OLDEST_FIRST',
      }),
    )
    .option('--last-role <role>', 'nodes of this role come last; several times for several', each(asIs))
    .option('--pause <seconds>', 'between batches', whole)
    .option('--min-healthy <seconds>', 'that a node must be healthy to count', whole)
    .option('--health-timeout <seconds>', 'after which a node that is not healthy has failed', whole)
    .option('--stop-after <amount>', 'failed nodes after which the cluster goes no further', amount)
    .optionsGroup('How, over the clusters:')
    .option('--canary <amount>', 'clusters first, then a gate that is promoted, then the rest', amount)
    .option(
      '--wave <name=amount>',
      'a wave of so many; several in their order, the rest comes last',
      each(wave),
    )
    .option('--clusters-at-once <n>', 'of a wave', whole)
    .option('--soak <seconds>', 'that a wave must stay healthy', whole)
    .option('--failure-budget <amount>', 'clusters of a wave that may fail', amount)
    .option('--offline-budget <amount>', 'clusters of a wave that are not waited for while offline', amount)
    .addOption(
      oneOf('--on-exceeded <what>', 'when the failure budget is exceeded', {
        pause: 'PAUSE',
        stop: 'STOP',
        revert: 'REVERT',
      }),
    )
    .option('--approvals <n>', 'people who must approve it', whole)
    .option('--expires <seconds>', 'after which a command that has not begun is given up', whole)
    .addOption(new Option('--run-late', 'commands never expire').conflicts('withinWindow'))
    .option('--within-window', 'commands begin in the cluster’s maintenance window only');
}

/** Without what nobody said, so that a saved strategy or the OC's defaults say it; null when nothing is left. */
function said<T extends object>(parts: T): T | null {
  const given = Object.entries(parts).filter(([, value]) => value !== undefined);
  return given.length > 0 ? (Object.fromEntries(given) as T) : null;
}

/**
 * What the options say, as the API takes it.
 * @param kind as on the command line: `rolling-restart`
 * @param nodeIds of the nodes that are named in `options.node`
 */
export function operationInput(kind: Kind, options: OperationOptions, nodeIds: string[]): OperationInput {
  const { cluster, label: labels, system, selection } = options;
  const choice = said({ names: cluster, labels });
  return {
    kind: KINDS[kind],
    targets:
      said({ clusters: choice ?? undefined, nodeIds: options.node && nodeIds, selection, system }) ?? {},
    ...said({
      mode: options.forced ? ('FORCED' as const) : undefined,
      strategy: options.strategy,
      rolling: rollingOf(options) ?? undefined,
      rollout: rolloutOf(options) ?? undefined,
      expiresInSeconds: options.expires,
      lateness: latenessOf(options),
    }),
  };
}

const latenessOf = ({ runLate, withinWindow }: OperationOptions) =>
  withinWindow ? ('WINDOW' as const) : runLate ? ('RUN_LATE' as const) : undefined;

const rollingOf = (options: OperationOptions) =>
  said({
    batchSize: options.batchSize,
    maxUnavailable: options.maxUnavailable,
    byZone: options.byZone,
    order: options.order,
    lastRoles: options.lastRole,
    pauseSeconds: options.pause,
    minHealthySeconds: options.minHealthy,
    healthTimeoutSeconds: options.healthTimeout,
    stopAfterFailures: options.stopAfter,
  });

const rolloutOf = (options: OperationOptions) =>
  said({
    waves: wavesOf(options),
    clustersAtOnce: options.clustersAtOnce,
    soakSeconds: options.soak,
    failureBudget: options.failureBudget,
    offlineBudget: options.offlineBudget,
    onExceeded: options.onExceeded,
    approvals: options.approvals,
  });

function wavesOf({ canary, wave: waves }: OperationOptions): Wave[] | undefined {
  if (waves) return waves;
  if (!canary) return undefined;
  return [
    { name: 'canary', amount: canary },
    { name: 'rest', amount: { percent: 100 }, manualGate: true },
  ];
}

/** Kinds of operations by their words. */
export const KINDS = {
  restart: 'RESTART',
  'rolling-restart': 'ROLLING_RESTART',
  shutdown: 'SHUTDOWN',
  start: 'START',
} as const satisfies Record<string, OperationInput['kind']>;
export type Kind = keyof typeof KINDS;

/** @throws InvalidArgumentError */
export function kindOf(text: string): Kind {
  if (!Object.hasOwn(KINDS, text))
    throw new InvalidArgumentError(`It is one of: ${Object.keys(KINDS).join(', ')}.`);
  return text as Kind;
}
