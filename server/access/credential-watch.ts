import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../platform/clock.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { EventKind } from '../platform/generated/prisma/enums.ts';
import { AppError } from '../platform/errors.ts';
import { headPosition } from '../platform/event-log.ts';
import type { Logger } from '../platform/log.ts';
import type { Tail } from '../platform/tail.ts';
import { credentialEnds } from './manager-credential.ts';
import type { Principal } from './principal.ts';

export interface CredentialWatchDeps {
  prisma: PrismaClient;
  tail: Tail;
  clock: Clock;
  logger: Logger;
}

interface Watched {
  clusterId: string;
  credentialId: string;
  /** When it ends, unless it is renewed, as it was read last. */
  expiresAt?: Date | undefined;
  ended: () => void;
}

/** How long to wait before the database is asked again that did not answer. */
const RETRY_MS = 1000;
/** How often those are looked for that may have expired. */
const EXPIRY_MS = 1000;

/** Events after which a manager's credential may have ended. */
const ENDED_BY = new Set<EventKind>(['MANAGER_REGISTERED', 'MANAGER_REVOKED']);

/** What is told of whatever is open under a credential that has ended. */
export const credentialEnded = (): AppError =>
  new AppError(
    'UNAUTHENTICATED',
    'The credential has ended: it was revoked, has expired, or another one was given out in its place.',
  );

/**
 * Tells when a credential ends that something is open under, on whichever server that happens: the event log says
 * where to look, the database whether the credential is still there.
 */
export class CredentialWatch {
  readonly #deps: CredentialWatchDeps;
  readonly #stopping = new AbortController();
  readonly #watched = new Set<Watched>();
  /** Those to be looked up: new ones, and those of clusters where a manager has registered. */
  readonly #doubted = new Set<Watched>();
  #checking: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  #expiring: NodeJS.Timeout | undefined;

  constructor(deps: CredentialWatchDeps) {
    this.#deps = deps;
  }

  /** Begins to follow the event log. */
  start(): void {
    this.#following = this.#follow(this.#stopping.signal);
    this.#expiring = setInterval(() => this.#doubtExpired(), EXPIRY_MS).unref();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#expiring);
    await Promise.all([this.#following, this.#checking]);
  }

  /**
   * Calls `ended`, once, when the credential of the principal has ended, also if that was just before this call.
   * @returns the function that ends the watch.
   */
  watch(principal: Principal, ended: () => void): () => void {
    // Whoever is on this machine is the operator, without any credential.
    if (principal.kind !== 'manager') return () => undefined;
    const { clusterId, credentialId } = principal;
    const watched: Watched = { clusterId, credentialId, ended };
    this.#watched.add(watched);
    // It was valid when it was read: what happened since is not in the log that is yet to come.
    this.#doubt([watched]);
    return () => {
      this.#watched.delete(watched);
      this.#doubted.delete(watched);
    };
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { prisma, tail, logger } = this.#deps;
    while (!signal.aborted) {
      try {
        const head = await headPosition(prisma);
        this.#doubt(this.#watched);
        for await (const { events } of tail.follow(head, signal)) {
          const ended = events.filter(({ kind }) => ENDED_BY.has(kind));
          const clusters = new Set(ended.map(({ clusterId }) => clusterId));
          this.#doubt([...this.#watched].filter(({ clusterId }) => clusters.has(clusterId)));
        }
      } catch (error) {
        logger.debug({ err: error }, 'credentials are watched anew: the event log could not be followed');
      }
      await setTimeout(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Those that were renewed meanwhile are found to be still there. */
  #doubtExpired(): void {
    const now = this.#deps.clock.now();
    this.#doubt([...this.#watched].filter(({ expiresAt }) => expiresAt && expiresAt <= now));
  }

  #doubt(watched: Iterable<Watched>): void {
    for (const one of watched) this.#doubted.add(one);
    if (this.#doubted.size > 0) this.#checking ??= this.#check();
  }

  /** Looks up all that are doubted, however many, with one query; again when more came meanwhile. */
  async #check(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#doubted.size > 0 && !signal.aborted) {
      const asked = [...this.#doubted];
      this.#doubted.clear();
      try {
        const { prisma, clock } = this.#deps;
        const ids = asked.map(({ credentialId }) => credentialId);
        const ends = await credentialEnds(prisma, ids, clock.now());
        for (const one of asked) {
          one.expiresAt = ends.get(one.credentialId);
          if (!one.expiresAt && this.#watched.delete(one)) one.ended();
        }
      } catch (error) {
        this.#deps.logger.debug({ err: error }, 'credentials could not be looked up; they are tried again');
        for (const one of asked) if (this.#watched.has(one)) this.#doubted.add(one);
        await setTimeout(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    // Without a turn of the event loop in between: who is doubted from now on begins a check of its own.
    this.#checking = undefined;
  }
}
