import type { Transaction } from '../platform/event-log.ts';
import { secretCookie, secretIn } from './cookie.ts';
import { hashSecret, newSecret } from './principal.ts';

/** Times in milliseconds. */
export interface SessionSettings {
  /** Without being used it ends after so long; a page that is open and live uses it. */
  idleMs: number;
  /** Whatever it is used, it ends after so long. */
  maxMs: number;
  /** People reach the OC by https: the cookie never goes out without. */
  secure: boolean;
}

/** That a session was used is written down this often at the most, milliseconds: well within the time that ends it. */
export const noteUseEvery = ({ idleMs }: Pick<SessionSettings, 'idleMs'>): number =>
  Math.min(60_000, idleMs / 4);

const NAME = 'oc-session';

/** The session in a request's cookies. */
export const sessionIn = (cookies: string | undefined, secure: boolean): string | undefined =>
  secretIn(cookies, NAME, 'ocs', secure);

/**
 * The header `Set-Cookie` with a session; null takes it away. The server ends a session; the cookie itself lasts as long
 * as the longest of them.
 */
export const sessionCookie = (session: string | null, { maxMs, secure }: SessionSettings): string =>
  secretCookie(NAME, session, maxMs, secure);

/** Begins a session of a person. The secret is what goes into the cookie; its hash is what is kept. */
export async function beginSession(
  tx: Transaction,
  personId: string,
  now: Date,
  { maxMs }: SessionSettings,
): Promise<{ secret: string; sessionId: string; expiresAt: Date }> {
  const secret = newSecret('ocs');
  const expiresAt = new Date(now.getTime() + maxMs);
  const { id: sessionId } = await tx.session.create({
    data: { hash: hashSecret(secret), personId, createdAt: now, lastUsedAt: now, expiresAt },
  });
  return { secret, sessionId, expiresAt };
}
