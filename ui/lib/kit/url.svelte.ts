import { goto } from '$app/navigation';
import { page } from '$app/state';

/** The value when it is one of those allowed, else undefined: what a URL says wrongly is dropped, not fatal. */
export function oneOf<Value extends string>(
  value: string | null,
  allowed: readonly Value[],
): Value | undefined {
  return allowed.find((candidate) => candidate === value);
}

/** Those of a repeated parameter's values that are allowed, each once, in the order of `allowed`. */
export function someOf<Value extends string>(values: readonly string[], allowed: readonly Value[]): Value[] {
  return allowed.filter((candidate) => values.includes(candidate));
}

/** A text of a URL, without control characters and at most 200 characters long. */
export function text(value: string | null): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is taken out
  return (value ?? '').replace(/[\u0000-\u001f\u007f]/g, '').slice(0, 200);
}

/**
 * Replaces parameters of the current URL without a step in the history; an absent or empty value removes one.
 * Focus and scroll stay as they are.
 */
export function setParams(changes: Record<string, string | readonly string[] | undefined>): void {
  const url = new URL(page.url);
  for (const [name, value] of Object.entries(changes)) {
    url.searchParams.delete(name);
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) {
      if (one !== '') url.searchParams.append(name, one);
    }
  }
  if (url.href === page.url.href) return;
  void goto(url, { replaceState: true, keepFocus: true, noScroll: true });
}
