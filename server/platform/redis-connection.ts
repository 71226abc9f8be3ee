import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisTarget } from './redis-url.ts';

export type RedisConnection = Redis | Cluster;

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 3000;

/** How long to wait before the `attempt`th try (from 1) to connect; scattered, because all servers lose Redis at once. */
export function reconnectDelay(attempt: number, random = Math.random()): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 20));
  return Math.round(full / 2 + (full / 2) * random);
}

const OPTIONS: RedisOptions = {
  connectionName: 'operations-center',
  connectTimeout: 5000,
  // A frozen server takes a command and never answers; one that is gone must not be waited for.
  commandTimeout: 3000,
  disconnectTimeout: 500,
  keepAlive: 10_000,
  // What could not be said at once is not worth saying later: the bell is about now.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResubscribe: false,
  retryStrategy: (attempt) => reconnectDelay(attempt),
};

/** Begins to connect and goes on trying for ever; never throws. The caller listens to `error`. */
export function connectRedis({
  kind,
  hosts,
  masterName,
  username,
  password,
  tls,
}: RedisTarget): RedisConnection {
  const options: RedisOptions = {
    ...OPTIONS,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  };
  if (kind === 'cluster') {
    return new Cluster(hosts, {
      enableOfflineQueue: false,
      clusterRetryStrategy: (attempt) => reconnectDelay(attempt),
      slotsRefreshTimeout: 3000,
      redisOptions: options,
      // A certificate is for a name, not for the address that it resolves to.
      ...(tls && { dnsLookup: (address, done) => done(null, address) }),
    });
  }
  if (kind === 'sentinel') {
    return new Redis({
      ...options,
      sentinels: hosts,
      name: masterName,
      enableTLSForSentinelMode: tls,
      sentinelCommandTimeout: 3000,
      sentinelRetryStrategy: (attempt) => reconnectDelay(attempt),
    });
  }
  return new Redis({ ...options, ...hosts[0]! });
}
