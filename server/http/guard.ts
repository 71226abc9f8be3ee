import type { IncomingMessage } from 'node:http';

export interface Refusal {
  status: number;
  message: string;
}

const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Why a request does not get in; undefined when it does. Whoever is on this machine is the operator, so a page from
 * elsewhere must not borrow the operator's browser: neither by another origin nor by a name that resolves to here.
 */
export function refusal({ headers }: Pick<IncomingMessage, 'headers'>): Refusal | undefined {
  const host = headers.host ?? '';
  if (!URL.canParse(`http://${host}`) || !LOOPBACK_NAMES.has(new URL(`http://${host}`).hostname)) {
    return { status: 403, message: 'The Host header is not a name of this machine.' };
  }
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) {
    return { status: 403, message: 'The Origin header is not that of this server.' };
  }
  return undefined;
}

/**
 * Why a request to the API is refused before its body is read. JSON only: a form could be posted by any page, and a
 * length must be given so that no more than `maxBytes` is ever taken in.
 */
export function apiRefusal(
  request: Pick<IncomingMessage, 'headers' | 'method'>,
  maxBytes: number,
): Refusal | undefined {
  // A POST without a body is the API's own business: it says what is missing.
  if (request.method !== 'POST' || request.headers['content-length'] === '0') return undefined;
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/(graphql\+)?json\s*(;|$)/i.test(type)) {
    return { status: 415, message: 'The Content-Type must be application/json.' };
  }
  const length = request.headers['content-length'];
  if (length === undefined) return { status: 411, message: 'The Content-Length header is needed.' };
  if (Number(length) > maxBytes)
    return { status: 413, message: `The body may have at most ${maxBytes} bytes.` };
  return undefined;
}
