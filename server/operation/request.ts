import { invalid } from '../platform/errors.ts';
import type { Lateness } from '../platform/generated/prisma/enums.ts';
import type { Targets } from './inventory.ts';
import type { StrategyRequest } from './saved/strategies.ts';

export interface OperationRequest extends StrategyRequest {
  targets: Targets;
  lateness: Lateness;
  /** With EXPIRE: seconds after its issue in which a command must have begun; null: it does not expire. */
  expiresInSeconds: number | null;
}

export interface StartRequest {
  operation: OperationRequest;
  planDigest: string | null;
  /** Null: at once. */
  startsAt: Date | null;
  /** Why freezes and maintenance windows are not heeded; null: they are. */
  overrideReason: string | null;
  reason: string;
  idempotencyKey: string;
  /** The operation that this one takes back. */
  revertsId?: string;
}

const YEAR_MS = 365 * 86_400_000;

/**
 * What neither the API's types nor the plan say no to.
 * @throws AppError INVALID for a start in the past, or in more than a year
 */
export function validateStart({ startsAt }: StartRequest, now: Date): void {
  if (!startsAt) return;
  if (startsAt <= now) throw invalid('input.startsAt', 'is past: leave it out to begin at once');
  if (startsAt.getTime() > now.getTime() + YEAR_MS)
    throw invalid('input.startsAt', 'is more than a year ahead');
}
