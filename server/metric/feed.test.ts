import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../test/harness/until.ts';
import { createLocalBus } from '../platform/bus.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { createLogger } from '../platform/log.ts';
import { MetricFeed } from './feed.ts';

/** A database of which the feed sees how many transactions it has seen, and whether those wrote metrics. */
class Database {
  transactions = 10;
  away = false;
  looks = 0;
  #told = 10;
  readonly prisma = {
    $queryRaw: async () => {
      this.looks++;
      if (this.away) throw new Error('Connection terminated unexpectedly');
      const news = this.transactions > this.#told;
      this.#told = this.transactions;
      return [{ head: `${this.transactions}:${this.transactions}:`, news }];
    },
  } as unknown as PrismaClient;
}

describe('the feed of metrics', () => {
  const bus = createLocalBus();
  const feeds: MetricFeed[] = [];
  afterEach(async () => {
    for (const feed of feeds.splice(0)) await feed.stop();
  });
  async function feedOf(database: Database): Promise<MetricFeed> {
    const { prisma } = database;
    const logger = createLogger('silent');
    const feed = new MetricFeed({ prisma, bus, logger, pollMs: 5, paceMs: 0, quietMs: 10 });
    await feed.start();
    feeds.push(feed);
    return feed;
  }
  const listening = new AbortController().signal;

  it('says when there is nothing', async () => {
    const feed = await feedOf(new Database());
    const here = feed.position;
    expect(await feed.next(here, listening)).toEqual(here);
  });

  it('says nothing while the database is away, and goes on by itself when it is back', async () => {
    const database = new Database();
    const feed = await feedOf(database);
    const here = feed.position;
    database.away = true;
    await until('it has noticed', () => database.looks > 2);
    const told: unknown[] = [];
    const next = feed.next(here, listening).then((position) => told.push(position));
    const { looks } = database;
    await until('it has looked often', () => database.looks > looks + 10);
    expect(told, 'nobody knows that nothing was reported').toEqual([]);
    database.transactions = 12;
    database.away = false;
    await next;
    expect(told).toEqual([{ revision: 0n, mark: '12:12:' }]);
  });

  it('sends away who saw more than the database holds', async () => {
    const database = new Database();
    const feed = await feedOf(database);
    const seen = feed.position;
    database.transactions = 5;
    const gone = until('the feed has noticed', () => feed.position.mark !== seen.mark);
    await gone;
    await expect(feed.next(seen, listening)).rejects.toMatchObject({
      extensions: { code: 'RESYNC_REQUIRED' },
    });
  });

  it('ends who waits when nobody listens any more, and when it stops', async () => {
    const feed = await feedOf(new Database());
    expect(await feed.next(feed.position, AbortSignal.abort())).toBeUndefined();
    await feed.stop();
    expect(await feed.next(feed.position, listening)).toBeUndefined();
  });
});
