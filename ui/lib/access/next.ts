/** A path of these pages that an address names, such as a log-in's `next`; anything else leads to the system's page. */
export function pathWithin(text: string | null, origin: string): string {
  try {
    const url = new URL(text ?? '/', origin);
    if (url.origin === origin && text?.startsWith('/')) return url.pathname + url.search + url.hash;
  } catch {
    // No address at all.
  }
  return '/';
}
