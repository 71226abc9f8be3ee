import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Subscription } from '../harness/client.ts';
import { Load } from '../harness/load.ts';
import { Oc } from '../harness/oc.ts';
import { operator } from '../harness/operator.ts';
import { rounds } from '../harness/rounds.ts';
import { until } from '../harness/until.ts';
import { running, WireManager } from '../harness/wire-manager.ts';
import { RedisServer } from '../services/redis-server.ts';

const LIVE = `subscription {
  topologyChanged { ... on TopologySnapshot { revision } ... on TopologyDelta { nodes { name status } } }
}`;

const METRICS = `subscription ($id: ID) {
  metricsReported(clusterId: $id) { nodes { metrics { name value } } }
}`;

const sees = (live: Subscription, name: string) =>
  until(`${name} is seen`, () =>
    live.events.some(({ nodes }) => nodes?.some((node: { name: string }) => node.name === name)),
  );

describe('two servers on one database and one Redis', () => {
  let redis: RedisServer;
  let a: Oc;
  let b: Oc;
  let manager: WireManager;
  let onB: Subscription;

  beforeAll(async () => {
    redis = await RedisServer.start();
    // Absent at the start, which is not to mind.
    await redis.kill();
    const env = { REDIS_URL: redis.url };
    a = await Oc.start({ leaseSeconds: 120, env });
    b = await Oc.start({ leaseSeconds: 120, env, databaseOf: a });
  });
  afterAll(async () => {
    onB.close();
    await b.stop();
    await a.stop();
    await redis.stop();
  });

  const bothSay = (status: string) =>
    until(`both servers say ${status}`, async () =>
      (await Promise.all([a.health(), b.health()])).every((health) => health.status === status),
    );

  it('start without Redis, and say so', async () => {
    expect(await a.health()).toEqual({ status: 'degraded', degraded: ['bus'] });
    manager = await WireManager.join(a.client, 'shared');
    onB = b.client.subscribe(LIVE);
    await until('a snapshot', () => onB.events.length > 0);
    await manager.snapshot(running('at-the-start'));
    await sees(onB, 'at-the-start');
    await redis.boot();
    await bothSay('ready');
  });

  it('a manager on one, a browser on the other: it sees what changes', async () => {
    await manager.delta(running('by-the-bell'));
    await sees(onB, 'by-the-bell');
  });

  it('a command that is started on one reaches the manager that listens on the other', async () => {
    const commands = manager.commands();
    const { start, rolling } = operator(() => b);
    await start(rolling(manager));
    await until('the command', () => commands.events.length > 0);
    expect(commands.events[0]).toMatchObject({ kind: 'ROLLING_RESTART', abortRequested: false });
    commands.close();
  });

  it('metrics that are reported to one are told by the other, also while Redis is away', async () => {
    const live = b.client.subscribe(METRICS, { id: manager.clusterId });
    await until('it begins', () => live.events.length > 0);
    const isTold = async (value: number) => {
      const samples = [{ name: 'cpu.user', value, at: new Date().toISOString() }];
      const { reportMetrics } = await manager.client.data(
        'mutation ($input: ReportMetricsInput!) { reportMetrics(input: $input) { applied } }',
        { input: { epoch: manager.epoch, nodes: [{ name: 'by-the-bell', samples }] } },
      );
      expect(reportMetrics.applied).toBe(1);
      await until(`${value} is told`, () =>
        live.events.some(({ nodes }) => JSON.stringify(nodes).includes(`"value":${value}}`)),
      );
    };
    await isTold(1);
    await redis.kill();
    await bothSay('degraded');
    await isTold(2);
    await redis.boot();
    await bothSay('ready');
    await isTold(3);
    expect(live.errors).toEqual([]);
    live.close();
  });

  const frozen = { away: async () => redis.freeze(), back: async () => redis.thaw() };
  const outages = [
    {
      what: 'killed',
      away: () => redis.kill(),
      back: () => redis.boot(),
      times: { short: 2, full: 30 },
      fullMs: 0,
    },
    { what: 'frozen', ...frozen, times: { short: 1, full: 3 }, fullMs: 60_000 },
    // To the servers a network that is gone is a Redis that is frozen, for longer.
    { what: 'cut off', ...frozen, times: { short: 0, full: 1 }, fullMs: 300_000 },
  ].filter(({ times }) => rounds(times) > 0);
  for (const { what, away, back, times, fullMs } of outages) {
    it(`Redis ${what} under load: everything is seen, and the servers say how they are`, async () => {
      const live = b.client.subscribe(LIVE);
      await until('a snapshot', () => live.events.length > 0);
      const load = await Load.begin(a.client, what.replace(' ', '-'));
      const more = async () => {
        const before = load.acknowledged;
        await until('some more', () => load.acknowledged > before + 5);
      };
      for (let round = 0; round < rounds(times); round++) {
        await more();
        await away();
        await bothSay('degraded');
        expect((await fetch(`${a.url}/readyz`)).status).toBe(200);
        await delay(rounds({ short: 0, full: fullMs }));
        await more();
        await back();
        await bothSay('ready');
      }
      await more();
      expect(await load.end()).toEqual([]);
      const wanted = Array.from({ length: load.acknowledged }, (_, n) => `n${n + 1}`).sort();
      const seen = () =>
        live.events.flatMap(({ nodes }) => nodes ?? []).map(({ name }: { name: string }) => name);
      await until('all is seen', () => seen().length >= wanted.length);
      expect(seen().sort()).toEqual(wanted);
      live.close();
    });
  }

  it('Redis emptied: nothing of ours was in it', async () => {
    const admin = new Redis(redis.url);
    expect(await admin.dbsize()).toBe(0);
    await admin.flushall();
    admin.disconnect();
    await manager.delta(running('emptied'));
    await sees(onB, 'emptied');
    await bothSay('ready');
  });

  it('and through all of it no server had an error that nobody expected', () => {
    for (const { program } of [a, b]) {
      expect(program.running).toBe(true);
      expect(program.output).not.toMatch(/"level":(50|60)|unhandled/i);
    }
  });
});
