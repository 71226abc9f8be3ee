import { mutate, type Outcome } from '$lib/kit/client.ts';
import { CreateEnrolmentToken } from './token-queries.ts';

/** Lets one manager join by `joinCommand`. `expiresAt` is ISO 8601. */
export interface EnrolmentToken {
  joinCommand: string;
  expiresAt: string;
}

const KEY = 'oc.enrolmentToken';

/** A new token for one use in an hour. The browser tab keeps it: see `keptToken`. */
export async function newToken(): Promise<Outcome<EnrolmentToken>> {
  const outcome = await mutate(CreateEnrolmentToken, { input: { uses: 1, expiresInSeconds: 3600 } });
  if (outcome.problem) return outcome;
  const { joinCommand, expiresAt } = outcome.data.createEnrolmentToken;
  sessionStorage.setItem(KEY, JSON.stringify({ joinCommand, expiresAt }));
  return { data: { joinCommand, expiresAt } };
}

/** Forgets the token, because it was used or is no business of who comes next. */
export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}

/** The token that this browser tab made before, while it is valid. */
export function keptToken(now: number): EnrolmentToken | undefined {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    if (typeof kept !== 'object' || kept === null || !('joinCommand' in kept) || !('expiresAt' in kept))
      return undefined;
    const { joinCommand, expiresAt } = kept;
    if (typeof joinCommand !== 'string' || typeof expiresAt !== 'string' || Date.parse(expiresAt) <= now)
      return undefined;
    return { joinCommand, expiresAt };
  } catch {
    return undefined;
  }
}
