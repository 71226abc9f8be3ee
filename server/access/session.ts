import type { Transaction } from '../platform/event-log.ts';
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

/** `__Host-`: only a page of this very host, over https, can have set it. */
const cookieName = (secure: boolean): string => (secure ? '__Host-oc-session' : 'oc-session');

/** The session in a request's cookies. */
export function sessionIn(cookies: string | undefined, secure: boolean): string | undefined {
  const name = cookieName(secure);
  for (const cookie of cookies?.split(';') ?? []) {
    const [key, value] = cookie.trim().split('=', 2);
    if (key === name && value && /^ocs_[\w-]{43}$/.test(value)) return value;
  }
  return undefined;
}

/**
 * The header `Set-Cookie` with a session; null takes it away. Strict: no page from elsewhere, not even a link, makes a
 * browser send it. The server ends a session; the cookie itself lasts as long as the longest of them.
 */
export function sessionCookie(session: string | null, { maxMs, secure }: SessionSettings): string {
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Strict', ...(secure ? ['Secure'] : [])];
  const maxAge = session === null ? 0 : Math.ceil(maxMs / 1000);
  return [`${cookieName(secure)}=${session ?? ''}`, ...attributes, `Max-Age=${maxAge}`].join('; ');
}

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
