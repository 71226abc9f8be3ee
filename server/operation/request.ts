import { invalid } from '../platform/errors.ts';
import { nextTimeOf, type Schedule } from './calendar/schedule.ts';
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
  /** It begins at the next time of this, instead; null: at `startsAt`. */
  startsOn: Schedule | null;
  /** Why freezes and maintenance windows are not heeded; null: they are. */
  overrideReason: string | null;
  reason: string;
  idempotencyKey: string;
  /** The operation that this one takes back. */
  revertsId?: string;
}

const YEAR_MS = 365 * 86_400_000;

/**
 * When it is to begin; null: at once.
 * @throws AppError INVALID for a start in the past, in more than a year, or by a schedule that never comes or is none, and
 *   for both a time and a schedule
 */
export function beginningOf({ startsAt, startsOn }: StartRequest, now: Date): Date | null {
  if (startsAt && startsOn) throw invalid('input.startsOn', 'is not for what has a startsAt');
  const at = startsOn ? nextTimeOf('input.startsOn', startsOn, now) : startsAt;
  const field = startsOn ? 'input.startsOn.schedule' : 'input.startsAt';
  if (at && at <= now) throw invalid(field, 'is past: leave it out to begin at once');
  if (at && at.getTime() > now.getTime() + YEAR_MS) throw invalid(field, 'is more than a year ahead');
  return at;
}
