import type { Enum } from '$lib/kit/graphql.ts';
import { KIND_WORDS } from '$lib/kit/words.ts';
import type { OperationRow } from '$lib/live/fragments.ts';

export const OPERATION_STATUSES: readonly Enum<'OperationStatus'>[] = [
  'PENDING',
  'RUNNING',
  'ABORTING',
  'SUCCEEDED',
  'FAILED',
  'ABORTED',
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
