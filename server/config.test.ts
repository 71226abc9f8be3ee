import { expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

it('understands REDIS_URL, and tells of a wrong one together with everything else that is wrong', () => {
  expect(readConfig({}).redis).toBeUndefined();
  expect(readConfig({ REDIS_URL: '' }).redis).toBeUndefined();
  expect(readConfig({ REDIS_URL: 'redis://cache:7000' }).redis).toMatchObject({
    kind: 'single',
    hosts: [{ host: 'cache', port: 7000 }],
  });
  const problems = (() => {
    try {
      readConfig({ REDIS_URL: 'redis+sentinel://:secret@s1,s2', PORT: 'x' });
      return [];
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      return (error as ConfigError).problems;
    }
  })();
  expect([...problems].sort()).toEqual([
    'PORT: must be a number',
    'REDIS_URL: must end with /master-name, by which the sentinels know the master',
  ]);
});

it('understands PUBLIC_URL as origins and nothing more', () => {
  expect(readConfig({}).publicUrls).toEqual([]);
  const listed = 'https://OC.example.com, http://10.0.0.5:4000/,https://oc.example.com:443';
  expect(readConfig({ PUBLIC_URL: listed }).publicUrls).toEqual([
    'https://oc.example.com',
    'http://10.0.0.5:4000',
    'https://oc.example.com',
  ]);
  for (const wrong of [
    'oc.example.com',
    'ftp://oc.example.com',
    'https://oc.example.com/path',
    'https://oc.example.com?x',
    'https://user@oc.example.com',
    'https://oc.example.com,',
    '*',
    'null',
  ]) {
    expect(() => readConfig({ PUBLIC_URL: wrong }), wrong).toThrow(/PUBLIC_URL: must be like https/);
  }
});

it('lets only those explore the API who are logged in, unless it is told otherwise', () => {
  expect(readConfig({}).introspection).toBe('authenticated');
  expect(readConfig({ INTROSPECTION: 'off' }).introspection).toBe('off');
  expect(() => readConfig({ INTROSPECTION: 'yes' })).toThrow(
    'INTROSPECTION: must be one of authenticated, on, off',
  );
});

it('lets everybody in on a loopback address only', () => {
  expect(readConfig({}).authentication).toBe(true);
  expect(readConfig({ HOST: '0.0.0.0' }).authentication).toBe(true);
  expect(readConfig({ AUTH: 'off', HOST: '::1' }).authentication).toBe(false);
  expect(() => readConfig({ AUTH: 'off', HOST: '0.0.0.0' })).toThrow(/AUTH: off is for HOST=127.0.0.1/);
  expect(() => readConfig({ AUTH: 'no' })).toThrow('AUTH: must be on or off');
});

it('tells of a DATABASE_URL that is none without repeating it', () => {
  const wrong = ['postgresql://oc:hunter2@[broken/oc', 'mysql://oc:hunter2@db/oc'];
  for (const DATABASE_URL of wrong) {
    expect(() => readConfig({ DATABASE_URL })).toThrow(/DATABASE_URL: (is no URL|must begin with)/);
    expect(() => readConfig({ DATABASE_URL })).not.toThrow('hunter2');
  }
  for (const DATABASE_URL of ['postgresql:///oc?host=/run/postgresql', 'postgres://oc:p%2Fw@a:5432/oc']) {
    expect(readConfig({ DATABASE_URL }).databaseUrl).toBe(DATABASE_URL);
  }
});
