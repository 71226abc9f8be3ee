import { invalid } from '../platform/errors.ts';
import type { OperationKind } from '../platform/generated/prisma/enums.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import { operationEnded } from './state.ts';
import type { OnExceeded } from './strategy.ts';
import { KIND_WORDS } from './words.ts';

/** What takes back what an operation did; a restart leaves nothing behind that could be taken back. */
export const INVERSE: Partial<Record<OperationKind, OperationKind>> = {
  SHUTDOWN: 'START',
  START: 'SHUTDOWN',
};

const notInvertible = (kind: OperationKind): string =>
  `What ${KIND_WORDS[kind].toLowerCase()} does cannot be taken back.`;

/** Why somebody cannot take an operation back; null: it can be. */
export function notRevertible({
  kind,
  status,
  revertReason,
}: Pick<OperationModel, 'kind' | 'status' | 'revertReason'>): string | null {
  if (!INVERSE[kind]) return notInvertible(kind);
  if (revertReason !== null) return 'It is taken back by itself, once it has ended.';
  return operationEnded(status) ? null : 'It has not ended: abort it first.';
}

/** @throws AppError INVALID at the field for a strategy that is to take back what cannot be taken back */
export function mustBeInvertible(kind: OperationKind, onExceeded: OnExceeded, field: string): void {
  if (onExceeded === 'REVERT' && !INVERSE[kind])
    throw invalid(field, `is REVERT: ${notInvertible(kind).toLowerCase().replace(/\.$/, '')}`);
}
