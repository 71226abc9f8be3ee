import { pino } from 'pino';
import { Redis } from 'ioredis';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../test/harness/until.ts';
import { RedisServer } from '../../test/services/redis-server.ts';
import { RedisBus } from './redis-bus.ts';
import { reconnectDelay } from './redis-connection.ts';
import { parseRedisUrl } from './redis-url.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function redisServer(config?: string): Promise<RedisServer> {
  const redis = await RedisServer.start(config);
  cleanups.push(() => redis.stop());
  return redis;
}

/** The bus of one server, quick to notice, with how often it rang and what it logged. */
function join(url: string) {
  const log: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => log.push(line) });
  const bus = new RedisBus({ target: parseRedisUrl(url), logger, beatMs: 50, silenceMs: 1000 });
  const server = { bus, log, rung: 0, ok: () => until('the bus is well', () => bus.state() === 'ok') };
  bus.onRing(() => server.rung++);
  cleanups.push(() => bus.close());
  return server;
}

async function hearEachOther(one: ReturnType<typeof join>, other: ReturnType<typeof join>): Promise<void> {
  await Promise.all([one.ok(), other.ok()]);
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const before = to.rung;
    from.bus.ring();
    await until('the bell is heard', () => to.rung > before);
  }
}

describe('the bell by Redis', () => {
  it('is heard by the other server, and once by itself', async () => {
    const { url } = await redisServer();
    const [one, other] = [join(url), join(url)];
    await hearEachOther(one, other);
    const before = one.rung;
    one.bus.ring();
    expect(one.rung, 'at once').toBe(before + 1);
    other.bus.ring();
    await until('the other', () => one.rung === before + 2);
    expect(one.log, 'nothing to tell').toEqual([]);
  });

  it('many rings are few messages', async () => {
    const { url } = await redisServer();
    const [one, other] = [join(url), join(url)];
    await hearEachOther(one, other);
    const before = other.rung;
    for (let n = 0; n < 10_000; n++) one.bus.ring();
    await hearEachOther(one, other);
    expect(other.rung - before).toBeLessThan(10);
  });

  it('comes back when Redis was away, whatever happened to it; each outage is told once', async () => {
    const redis = await redisServer();
    const [one, other] = [join(redis.url), join(redis.url)];
    const servers = [one, other];
    await hearEachOther(one, other);
    const outages: [string, () => unknown, () => unknown][] = [
      ['killed', () => redis.kill(), () => redis.boot()],
      ['frozen', () => redis.freeze(), () => redis.thaw()],
      ['frozen and killed', () => (redis.freeze(), redis.kill()), () => redis.boot()],
    ];
    for (const [what, away, back] of outages) {
      await away();
      await until(`${what} is noticed`, () => servers.every(({ bus }) => bus.state() === 'degraded'));
      await until('it is told', () => one.log.length > 0);
      const before = one.rung;
      for (let n = 0; n < 100; n++) one.bus.ring();
      expect(one.rung, what).toBe(before + 100);
      await back();
      await hearEachOther(one, other);
      await until('it is told', () => one.log.at(-1)!.includes('Redis is back'));
      // A machine that stalls for longer than the silence that is borne finds another outage: that is told once, too.
      const told = one.log.splice(0);
      expect(told, what).toEqual(
        told.map((_, n) => expect.stringContaining(n % 2 ? 'Redis is back' : 'Redis is away')),
      );
    }
  });

  it('does not need Redis to be there first, and tells no password', async () => {
    const redis = await redisServer('requirepass right-one\n');
    const url = (password: string) => redis.url.replace('://', `://:${password}@`);
    await redis.kill();
    const [one, other] = [join(url('right-one')), join(url('right-one'))];
    expect(one.bus.state()).toBe('degraded');
    await redis.boot();
    await hearEachOther(one, other);
    const refused = join(url('wrong-one'));
    await until('it is told', () => refused.log.length > 0);
    expect(refused.bus.state()).toBe('degraded');
    expect(refused.log.join()).toContain('WRONGPASS');
    expect(refused.log.join()).not.toContain('wrong-one');
  });

  it('by the master that sentinels know', async () => {
    const master = await redisServer();
    const sentinel = await redisServer(`sentinel monitor main 127.0.0.1 ${master.port} 1\n`);
    const url = `redis+sentinel://127.0.0.1:${sentinel.port}/main`;
    const [one, other] = [join(url), join(url)];
    await hearEachOther(one, other);
    await master.kill();
    await until('noticed', () => one.bus.state() === 'degraded');
    await master.boot();
    await hearEachOther(one, other);
  });

  it('by a cluster', async () => {
    const node = await redisServer('cluster-enabled yes\ncluster-announce-ip 127.0.0.1\n');
    const admin = new Redis(node.url);
    cleanups.push(async () => admin.disconnect());
    await admin.cluster('ADDSLOTSRANGE', 0, 16383);
    await until('the cluster is up', async () =>
      /cluster_state:ok/.test(String(await admin.cluster('INFO'))),
    );
    admin.disconnect();
    const url = `redis+cluster://127.0.0.1:${node.port}`;
    const [one, other] = [join(url), join(url)];
    await hearEachOther(one, other);
    await node.kill();
    await until('noticed', () => one.bus.state() === 'degraded');
    await node.boot();
    await hearEachOther(one, other);
  });
});

it('waits longer from try to try, never longer than three seconds, and never not at all', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, random) => {
        const delay = reconnectDelay(attempt, random);
        expect(delay).toBeGreaterThanOrEqual(50);
        expect(delay).toBeLessThanOrEqual(3000);
        expect(reconnectDelay(attempt + 1, random)).toBeGreaterThanOrEqual(delay);
      },
    ),
  );
});
