import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRedisUrl, RedisUrlError } from './redis-url.ts';

const target = { kind: 'single', masterName: '', username: undefined, password: undefined, tls: false };

describe('REDIS_URL', () => {
  it('is one server', () => {
    expect(parseRedisUrl('redis://cache')).toEqual({ ...target, hosts: [{ host: 'cache', port: 6379 }] });
    expect(parseRedisUrl('rediss://me:a%40b:c@[::1]:7000/3')).toEqual({
      ...target,
      hosts: [{ host: '::1', port: 7000 }],
      username: 'me',
      password: 'a@b:c',
      tls: true,
    });
    expect(parseRedisUrl('redis://:secret@10.0.0.1')).toMatchObject({
      username: undefined,
      password: 'secret',
    });
  });

  it('is the master that sentinels know, or a cluster', () => {
    expect(parseRedisUrl('redis+sentinel://s1:26380,s2/main')).toEqual({
      ...target,
      kind: 'sentinel',
      masterName: 'main',
      hosts: [
        { host: 's1', port: 26380 },
        { host: 's2', port: 26379 },
      ],
    });
    expect(parseRedisUrl('redis+cluster://n1:7001,n2')).toEqual({
      ...target,
      kind: 'cluster',
      hosts: [
        { host: 'n1', port: 7001 },
        { host: 'n2', port: 6379 },
      ],
    });
  });

  it('a wrong one is told as such', () => {
    for (const [url, why] of Object.entries({
      'http://cache': 'must be redis://',
      cache: 'must be redis://',
      'redis+sentinels://a/b': 'must be redis://',
      'redis://': 'a host that is not host:port',
      'redis://a:b': 'a host that is not host:port',
      'redis://a:0': 'a host that is not host:port',
      'redis://a:70000': 'a host that is not host:port',
      'redis://a,b': 'several hosts',
      'redis://a/x': 'must end after',
      'redis+sentinel://a,b': 'master-name',
      'redis+cluster://a,,b': 'a host that is not host:port',
      'redis+cluster://a/main': 'must end after',
      'redis://me:50%@a': 'write it as %25',
      'redis://me:one/two@a': '(in a password, write / as %2F)',
    })) {
      expect(() => parseRedisUrl(url), url).toThrow(why);
    }
  });

  it('whatever it is, it is understood or refused without telling the password', () => {
    const part = fc.string({ minLength: 1 }).map(encodeURIComponent);
    fc.assert(
      fc.property(
        part,
        part,
        fc.string().filter((rest) => !rest.includes('@')),
        (user, password, rest) => {
          try {
            const { username, password: read } = parseRedisUrl(`redis://${user}:${password}@host${rest}`);
            expect([username, read]).toEqual([decodeURIComponent(user), decodeURIComponent(password)]);
          } catch (error) {
            expect(error).toBeInstanceOf(RedisUrlError);
            if (password.length > 8) expect((error as Error).message).not.toContain(password);
          }
        },
      ),
    );
  });
});
