import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { Guard } from './guard.ts';

const plain = new Socket();
const tls = new TLSSocket(new Socket());

describe('the guard of the front door', () => {
  it('knows the address that it listens on, but none of those that stand for all', () => {
    const at = (listening: string, host: string) =>
      new Guard(listening).refusal({ headers: { host, origin: `http://${host}` }, socket: plain })?.status;
    expect(at('10.0.0.5', '10.0.0.5:4000')).toBeUndefined();
    expect(at('fd00::5', '[fd00::5]:4000')).toBeUndefined();
    expect(at('10.0.0.5', '10.0.0.6:4000')).toBe(403);
    expect(at('0.0.0.0', '0.0.0.0:4000')).toBe(403);
    expect(at('::', '[::]:4000')).toBe(403);
    expect(at('0.0.0.0', 'localhost:4000')).toBeUndefined();
  });

  it('holds an origin to the scheme by which it came', () => {
    const guard = new Guard('127.0.0.1');
    const by = (socket: object, origin: string) =>
      guard.refusal({ headers: { host: 'localhost:4000', origin }, socket })?.status;
    expect(by(tls, 'https://localhost:4000')).toBeUndefined();
    expect(by(tls, 'http://localhost:4000')).toBe(403);
    expect(by(plain, 'https://localhost:4000')).toBe(403);
  });

  it('knows when the browser speaks TLS: to here, or to a proxy in front', () => {
    const guard = new Guard('127.0.0.1', ['https://oc.example.com', 'http://oc.internal:8080']);
    const secure = (host: string, socket: object = plain) => guard.isSecure({ headers: { host }, socket });
    expect(secure('oc.example.com')).toBe(true);
    expect(secure('OC.example.com:443')).toBe(true);
    expect(secure('oc.internal:8080')).toBe(false);
    expect(secure('localhost:4000')).toBe(false);
    expect(secure('localhost:4000', tls)).toBe(true);
  });

  it('lets no request in that has no host', () => {
    expect(new Guard('127.0.0.1').refusal({ headers: {}, socket: plain })?.status).toBe(403);
    expect(new Guard('127.0.0.1').upgradeRefusal({ headers: {}, socket: plain })?.status).toBe(403);
  });
});
