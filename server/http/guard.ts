import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

export interface Refusal {
  status: number;
  message: string;
}

/** What of a request decides whether it gets in. */
export type Arrival = Pick<IncomingMessage, 'headers'> & { socket: object };

/**
 * Knows under which names the server is reached. A page from elsewhere must not borrow an operator's browser: neither
 * by its own origin, nor by a name of its own that resolves to here.
 */
export class Guard {
  /** Names under which it is reached directly, on whatever port. */
  readonly #names: ReadonlySet<string>;
  /** Origins by which it is reached from outside, and their hosts as they may stand in a Host header. */
  readonly #origins: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;
  readonly #secureHosts: ReadonlySet<string>;

  /**
   * @param host that the server listens on
   * @param publicUrls origins such as `https://oc.example.com`
   */
  constructor(host: string, publicUrls: readonly string[] = []) {
    const listening = host.includes(':') ? `[${host}]` : host;
    this.#names = new Set(['127.0.0.1', 'localhost', '[::1]', ...(ANY.has(host) ? [] : [listening])]);
    this.#origins = new Set(publicUrls);
    this.#hosts = new Set(publicUrls.flatMap(hostsOf));
    this.#secureHosts = new Set(publicUrls.filter((url) => url.startsWith('https:')).flatMap(hostsOf));
  }

  /**
   * Why a request does not get in; undefined when it does. Whatever names no origin is no page's script, but for what
   * a page loads without one (images, scripts, links), of which browsers say so themselves.
   */
  refusal(request: Arrival): Refusal | undefined {
    const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers;
    const host = request.headers.host?.toLowerCase() ?? '';
    if (!this.#isDirect(host) && !this.#hosts.has(host)) {
      return forbidden('The Host header is not a name of this server. PUBLIC_URL lists those from outside.');
    }
    if (origin !== undefined && origin !== this.#directOrigin(request) && !this.#origins.has(origin)) {
      return forbidden('The Origin header is not that of this server.');
    }
    if ((site === 'cross-site' || site === 'same-site') && mode !== 'navigate') {
      return forbidden('The request was made by a page of another origin.');
    }
    return undefined;
  }

  /** As `refusal`. Browsers open a WebSocket to anywhere and send their cookies along, so a cookie needs our origin. */
  upgradeRefusal(request: Arrival): Refusal | undefined {
    const { cookie, origin } = request.headers;
    if (cookie !== undefined && origin === undefined) {
      return forbidden('A WebSocket with a cookie needs the Origin header.');
    }
    return this.refusal(request);
  }

  /** Whether the browser that asks speaks TLS, to here or to a proxy in front. */
  isSecure({ headers, socket }: Arrival): boolean {
    return socket instanceof TLSSocket || this.#secureHosts.has(headers.host?.toLowerCase() ?? '');
  }

  #isDirect(host: string): boolean {
    const [, name = '', port = '0'] = /^(.+?)(?::(\d{1,5}))?$/.exec(host) ?? [];
    return this.#names.has(name) && Number(port) <= 65_535;
  }

  #directOrigin({ headers, socket }: Arrival): string | undefined {
    const host = headers.host?.toLowerCase() ?? '';
    return this.#isDirect(host) ? `${socket instanceof TLSSocket ? 'https' : 'http'}://${host}` : undefined;
  }
}

/** Addresses that stand for every address of the machine. */
const ANY = new Set(['0.0.0.0', '::']);

const forbidden = (message: string): Refusal => ({ status: 403, message });

/** With and without the port that its scheme implies: some proxies add it. */
function hostsOf(origin: string): string[] {
  const { host, hostname, port, protocol } = new URL(origin);
  return port ? [host] : [host, `${hostname}:${protocol === 'https:' ? 443 : 80}`];
}

/**
 * Why a request to the API is refused before its body is read: no other type than JSON, which a form of another page
 * cannot send, and no more than `maxBytes`.
 */
export function apiRefusal(
  { headers, method }: Pick<IncomingMessage, 'headers' | 'method'>,
  maxBytes: number,
): Refusal | undefined {
  // A POST without a body is the API's own business: it says what is missing.
  if (method !== 'POST' || headers['content-length'] === '0') return undefined;
  if (!/^application\/(graphql\+)?json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    return { status: 415, message: 'The Content-Type must be application/json.' };
  }
  return Number(headers['content-length'] ?? 0) > maxBytes ? bodyTooLarge(maxBytes) : undefined;
}

export const bodyTooLarge = (maxBytes: number): Refusal => ({
  status: 413,
  message: `The body may have at most ${maxBytes} bytes.`,
});
