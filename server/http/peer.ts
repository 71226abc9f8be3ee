import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';

/** The other end of a connection. */
export interface Peer {
  /** Its IP address. */
  address: string;
  /** Whether it speaks TLS, with this server or with a proxy in front that is trusted. */
  secure: boolean;
}

export type PeerOf = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => Peer;

/**
 * Tells who is at the other end. What `X-Forwarded-For` and `-Proto` say is believed as far as the addresses that
 * handed it on are trusted: it is read from its end, where the last proxy wrote.
 * @param trustedProxies IP addresses and networks (`10.0.0.0/8`)
 */
export function peerOf(trustedProxies: readonly string[]): PeerOf {
  const trusted = proxyList(trustedProxies);
  const isTrusted = (address: string) =>
    trustedProxies.length > 0 &&
    isIP(address) !== 0 &&
    trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return ({ headers, socket }) => {
    let address = plain(socket.remoteAddress ?? '');
    const encrypted = 'encrypted' in socket && socket.encrypted === true;
    if (!isTrusted(address)) return { address, secure: encrypted };
    const hops = lastOf(headers['x-forwarded-for']).map(plain);
    while (isTrusted(address) && hops.length > 0) {
      const hop = hops.pop()!;
      if (isIP(hop) === 0) break;
      address = hop;
    }
    const proto = lastOf(headers['x-forwarded-proto']).at(-1);
    return { address, secure: encrypted || proto === 'https' };
  };
}

/** @throws Error that names what is neither an address nor a network */
export function proxyList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [, address = '', , bits] = /^([^/]+)(\/(\d{1,3}))?$/.exec(entry) ?? [];
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    if (family === 0 || Number(bits ?? 0) > most) throw new Error(`${entry} is no IP address or network`);
    list.addSubnet(address, Number(bits ?? most), family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

const lastOf = (header: string | string[] | undefined): string[] =>
  [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** IPv4 as such, also where the socket is one for both. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');
