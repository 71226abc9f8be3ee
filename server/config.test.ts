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
