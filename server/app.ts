import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Denials } from './access/audit/denials.ts';
import { CredentialWatch } from './access/credential-watch.ts';
import { authenticator } from './access/authenticate.ts';
import { inviteFirstAdministrator } from './access/invitation.ts';
import { Passwords } from './access/password.ts';
import type { Config } from './config.ts';
import { startDuties } from './duties.ts';
import type { Deps } from './deps.ts';
import { excuseOutage } from './access/outage.ts';
import { serveWebSockets } from './graphql/websocket.ts';
import { withResponseCache } from './graphql/response-cache.ts';
import { SharedSubscriptions } from './graphql/subscription/shared.ts';
import { createApi } from './graphql/yoga.ts';
import { exportAudit } from './http/audit-export.ts';
import { Guard } from './http/guard.ts';
import { limitConnections, SERVER_OPTIONS } from './http/limits.ts';
import { isProxy, peerOf } from './http/peer.ts';
import { createRouter } from './http/router.ts';
import { MembershipWriter } from './manager/membership-writer.ts';
import { renewalsInRounds } from './manager/renewals.ts';
import { MetricFeed } from './metric/feed.ts';
import { deliveriesInRounds } from './operation/delivery.ts';
import { Runner } from './operation/runner.ts';
import { createLocalBus, type OwnedBus } from './platform/bus.ts';
import { DatabaseClock, systemClock, type Clock } from './platform/clock.ts';
import type { Database } from './platform/database/database.ts';
import { Duty } from './platform/duty.ts';
import type { Logger } from './platform/log.ts';
import { packageRoot } from './platform/package-root.ts';
import { logReader } from './platform/event-log.ts';
import { Tail } from './platform/tail.ts';
import { FairQueue } from './platform/fair-queue.ts';
import { ensureSystem } from './topology/service.ts';

export interface App {
  /** Where it listens, e.g. `http://127.0.0.1:4000`. */
  url: string;
  /** By which someone becomes the first administrator; null when there is one, or everybody is. */
  welcomeUrl: string | null;
  /** Ends every connection and duty and closes the database. */
  close(): Promise<void>;
}

export interface AppDeps {
  config: Config;
  /** Open; the app closes it. */
  database: Database;
  logger: Logger;
  /** Default: the machine's, or PostgreSQL's, on which several servers can agree. */
  clock?: Clock;
}

/**
 * Wires the whole server and starts it.
 * @throws an `EADDRINUSE` error when the port is taken.
 */
export async function createApp({ config, database, logger, clock: givenClock }: AppDeps): Promise<App> {
  const { kind, prisma, readJson, inSqlTransaction } = database;
  const closers: (() => Promise<unknown>)[] = [() => database.close()];
  const close = async (): Promise<void> => {
    const failures: unknown[] = [];
    // One that fails must not keep the others, the database last, from being closed.
    for (const closer of closers.splice(0).reverse())
      await closer().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'The server could not be closed cleanly.');
  };
  try {
    const clock = givenClock ?? (await startClock(database, logger, closers));
    const bus = await createBus(config, logger);
    closers.push(() => bus.close());
    await ensureSystem({ prisma, bus, clock }, config.systemName);
    const tail = new Tail({ log: logReader(database), bus, logger });
    await tail.start();
    closers.push(() => tail.stop());
    const metrics = new MetricFeed({ prisma, bus, logger });
    await metrics.start();
    closers.push(() => metrics.stop());
    const membershipWriter = new MembershipWriter(
      { inSqlTransaction, bus, clock },
      kind === 'pglite' ? { roundsAtOnce: 1 } : {},
    );
    closers.push(() => membershipWriter.close());
    const { leaseMs, authentication, publicUrls } = config;
    const sessions = {
      ...config.sessions,
      secure: config.tls !== undefined || publicUrls.some((url) => url.startsWith('https:')),
    };
    // So short that of a server that died the successor is known before the leases of its managers run out: they get
    // their time to come back. See `graceUntil`.
    const duty = new Duty({ prisma, logger, name: 'background', leaseMs: leaseMs / 2 });
    await duty.start();
    closers.push(() => duty.stop());
    const denials = new Denials({ prisma, clock, logger });
    closers.push(() => denials.close());
    const startedAt = clock.now().getTime();
    const deps: Deps = {
      prisma,
      readJson,
      bus,
      clock,
      logger,
      tail,
      membershipWriter,
      renewals: renewalsInRounds({ prisma, clock, leaseMs }),
      deliveries: deliveriesInRounds({ prisma, bus, clock }),
      authenticate: authenticator({ prisma, clock, leaseMs, authentication, sessions }),
      authentication,
      sessions,
      passwords: new Passwords(),
      admissions: new FairQueue(ADMISSIONS),
      reports: new FairQueue(REPORTS),
      denials,
      peerOf: peerOf(config.trustedProxies),
      metrics,
      leaseMs,
      credentialMs: config.credentialMs,
      get graceUntil() {
        return new Date(Math.max(startedAt, duty.since.getTime()) + leaseMs * 1.5);
      },
    };

    await excuseOutage(deps);
    const shared = new SharedSubscriptions();
    const credentials = new CredentialWatch(deps);
    credentials.start();
    closers.push(() => credentials.stop());
    const { introspection, maxBodyBytes } = config;
    const api = createApi(deps, shared, credentials, introspection);
    const guard = new Guard(config.host, config.publicUrls);
    const uiDir = join(packageRoot, 'ui', 'build');
    const router = createRouter({
      guard,
      api: withResponseCache(api, deps),
      auditExport: (request, response) => void exportAudit({ ...deps, credentials }, request, response),
      prisma,
      bus,
      uiDir,
      maxBodyBytes,
    });
    const server = config.tls
      ? createSecureServer({ ...SERVER_OPTIONS, ...config.tls }, router)
      : createServer(SERVER_OPTIONS, router);
    limitConnections(server, {
      perPlace: config.connectionsPerAddress,
      isProxy: isProxy(config.trustedProxies),
      logger,
    });
    const closeSockets = serveWebSockets(server, {
      guard,
      api,
      shared,
      credentials,
      introspection,
      logger,
      maxPayload: maxBodyBytes,
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(config.port, config.host, resolve);
    });
    closers.push(async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await closeSockets();
      server.closeAllConnections();
      await closed;
    });
    closers.push(startDuties(deps, duty, config.retention));
    const runner = new Runner(deps, duty);
    runner.start();
    closers.push(() => runner.stop());
    const { port } = server.address() as AddressInfo;
    const host = config.host.includes(':') ? `[${config.host}]` : config.host;
    const url = `${config.tls ? 'https' : 'http'}://${host}:${port}`;
    const invited = authentication ? await inviteFirstAdministrator(deps) : null;
    return { url, welcomeUrl: invited && `${publicUrls[0] ?? url}/welcome?token=${invited.token}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * When thousands of managers come at once, most of them wait here and not for a connection to the database, of which
 * others need some: each registration waits for the row of its token.
 */
const ADMISSIONS = {
  atOnce: 4,
  waiting: 100,
  full: 'Too many managers of this cluster register at once. Try again.',
};
/** Likewise: of ten connections some are to be had at once by people, and by who carries operations on. */
const REPORTS = { atOnce: 6, waiting: 100, full: 'Too many reports of this cluster wait. Try again.' };

async function startClock(
  { kind, prisma }: Database,
  logger: Logger,
  closers: (() => Promise<unknown>)[],
): Promise<Clock> {
  // The embedded database reads the machine's clock too.
  if (kind === 'pglite') return systemClock;
  const clock = await DatabaseClock.start(prisma, logger);
  closers.push(() => clock.stop());
  return clock;
}

async function createBus({ redis }: Config, logger: Logger): Promise<OwnedBus> {
  if (!redis) return createLocalBus();
  // Loaded only where it is used: a start is not to wait for it elsewhere.
  const { RedisBus } = await import('./platform/redis-bus.ts');
  return new RedisBus({ target: redis, logger });
}
