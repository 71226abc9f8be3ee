/** `__Host-`: only a page of this very host, over https, can have set it. */
const nameOf = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name);

/** The secret with this prefix that a request's cookies have under the name. */
export function secretIn(
  cookies: string | undefined,
  name: string,
  prefix: string,
  secure: boolean,
): string | undefined {
  const wanted = nameOf(name, secure);
  for (const cookie of cookies?.split(';') ?? []) {
    const [key, value] = cookie.trim().split('=', 2);
    if (key === wanted && value && /^[a-z]+_[\w-]{43}$/.test(value) && value.startsWith(`${prefix}_`))
      return value;
  }
  return undefined;
}

/**
 * The header `Set-Cookie` with a secret; null takes it away. Strict: no page from elsewhere, not even a link, makes a
 * browser send it.
 */
export function secretCookie(name: string, secret: string | null, maxMs: number, secure: boolean): string {
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Strict', ...(secure ? ['Secure'] : [])];
  const maxAge = secret === null ? 0 : Math.ceil(maxMs / 1000);
  return [`${nameOf(name, secure)}=${secret ?? ''}`, ...attributes, `Max-Age=${maxAge}`].join('; ');
}
