import type { Enum } from '$lib/kit/graphql.ts';
import type { Look } from '$lib/kit/state.ts';
import { counted, KIND_WORDS } from '$lib/kit/words.ts';
import type { OperationRow } from '$lib/live/fragments.ts';

export const OPERATION_STATUSES: readonly Enum<'OperationStatus'>[] = [
  'PENDING',
  'RUNNING',
  'PAUSED',
  'ABORTING',
  'SUCCEEDED',
  'FAILED',
  'ABORTED',
];

/** What wants somebody's eye comes first. */
export const COMMAND_STATUSES: readonly Enum<'CommandStatus'>[] = [
  'FAILED',
  'REFUSED',
  'EXPIRED',
  'ABORTED',
  'PENDING',
  'ACCEPTED',
  'RUNNING',
  'PLANNED',
  'SKIPPED',
  'SUCCEEDED',
];

/** What an operation is, in words: `Forced restart`. */
export function actWords(kind: Enum<'OperationKind'>, mode: Enum<'OperationMode'>): string {
  return mode === 'FORCED' ? `Forced ${KIND_WORDS[kind].toLowerCase()}` : KIND_WORDS[kind];
}

/** Which clusters it acts on, in words: `shop`, `shop and 3 more`. */
export function targetWords({ commands }: OperationRow): string {
  const first = commands.edges[0]?.node.cluster.name;
  if (first === undefined) return 'no cluster';
  return commands.totalCount > 1 ? `${first} and ${commands.totalCount - 1} more` : first;
}

/** Whether an operation with this status has ended. */
export function isEnded(status: Enum<'OperationStatus'>): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'ABORTED';
}

export function isWaveEnded(status: Enum<'WaveStatus'>): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'ABORTED';
}

const OPEN_COMMAND: readonly Enum<'CommandStatus'>[] = ['PLANNED', 'PENDING', 'ACCEPTED', 'RUNNING'];

/** Whether a command with this status has ended. */
export const isCommandEnded = (status: Enum<'CommandStatus'>): boolean => !OPEN_COMMAND.includes(status);

/** How the rules look and read that hold something; those that want somebody's act stand out. */
export const HOLD_LOOKS: Record<Enum<'HoldRule'>, Look> = {
  PAUSED: { shape: 'pause', tone: 'warn', word: 'Paused' },
  PROMOTION: { shape: 'pause', tone: 'warn', word: 'Waits for promotion' },
  APPROVAL: { shape: 'pause', tone: 'warn', word: 'Waits for approval' },
  FREEZE: { shape: 'pause', tone: 'warn', word: 'Frozen' },
  WINDOW: { shape: 'quarters', tone: 'idle', word: 'Waits for its maintenance window' },
  START_TIME: { shape: 'quarters', tone: 'idle', word: 'Waits for its start time' },
  OFFLINE: { shape: 'dashedRing', tone: 'warn', word: 'Waits for an offline cluster' },
  HEALTH: { shape: 'triangle', tone: 'warn', word: 'Waits for health' },
  MANAGER: { shape: 'dotted', tone: 'warn', word: 'Held by the manager' },
  BUSY: { shape: 'dotted', tone: 'idle', word: 'Manager is busy' },
  SOAK: { shape: 'quarters', tone: 'idle', word: 'Soaks' },
  EARLIER_WAVE: { shape: 'dot', tone: 'idle', word: 'Waits its turn' },
  CLUSTERS_AT_ONCE: { shape: 'dot', tone: 'idle', word: 'Waits its turn' },
  QUEUE: { shape: 'dot', tone: 'idle', word: 'In the queue' },
  DELIVERY: { shape: 'ring', tone: 'idle', word: 'Is being delivered' },
};

/** What the button says that starts it: `Start restart of 3 nodes`, `Start 3 nodes`; without a plan yet, without nodes. */
export function startWords(kind: Enum<'OperationKind'>, nodes: number | undefined): string {
  const counts = nodes === undefined ? undefined : counted(nodes, 'node');
  if (kind === 'START') return counts ? `Start ${counts}` : 'Start';
  return `Start ${KIND_WORDS[kind].toLowerCase()}${counts ? ` of ${counts}` : ''}`;
}
