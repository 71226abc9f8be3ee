import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** For all that is no page: nothing in it runs, loads, or is shown in a frame. */
const NOTHING_RUNS = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const POWERFUL = ['camera', 'display-capture', 'geolocation', 'microphone', 'payment', 'serial', 'usb'];

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': NOTHING_RUNS,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': POWERFUL.map((feature) => `${feature}=()`).join(', '),
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** What every answer carries. `secure`: the browser came by TLS, and from now on comes by nothing else. */
export function setSecurityHeaders(response: ServerResponse, secure: boolean): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (secure) response.setHeader('Strict-Transport-Security', 'max-age=31536000');
}

/**
 * The style attributes in the UI's markup: SvelteKit hides what it reads out of a new page to those who do not see, and
 * the palette's entries stand in boxes that are none (`display: contents;`).
 */
const STYLE_ATTRIBUTES = [
  "'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='",
  "'sha256-iaOezIDcQIoxCULa6FBKKuLUu09R7kG+Mlu+JVfU3Rw='",
];

/** The `Content-Security-Policy` of the UI: its own files, and those scripts in its page that the build put there. */
export const uiPolicy = (page: string): string =>
  policyOf({
    'script-src': ["'self'", ...inlineScripts(page)],
    'style-src': ["'self'"],
    'style-src-attr': ["'unsafe-hashes'", ...STYLE_ATTRIBUTES],
    'img-src': ["'self'", 'data:'],
    'font-src': ["'self'"],
    'form-action': ["'self'"],
  });

/** That of GraphiQL: its editor writes styles into the page and works in the background. */
export const graphiqlPolicy = (page: string): string =>
  policyOf({
    'script-src': inlineScripts(page),
    'style-src': ["'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'font-src': ["'self'", 'data:'],
    'worker-src': ['blob:'],
    'form-action': ["'none'"],
  });

function policyOf(directives: Record<string, readonly string[]>): string {
  const all = {
    'default-src': ["'none'"],
    'connect-src': ["'self'"],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'none'"],
    ...directives,
  };
  return Object.entries(all)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ');
}

/** The scripts that stand in a page itself, each as the source expression that allows it and no other. */
const inlineScripts = (page: string): string[] =>
  [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
