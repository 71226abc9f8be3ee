import { setTimeout } from 'node:timers/promises';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { headPosition } from '../platform/event-log.ts';
import type { Logger } from '../platform/log.ts';
import type { Tail } from '../platform/tail.ts';
import { credentialOf, CREDENTIALS, type Credential } from './credential.ts';
import type { Principal } from './principal.ts';
import { noteUseEvery, type SessionSettings } from './session.ts';

export interface CredentialWatchDeps {
  prisma: PrismaClient;
  tail: Tail;
  clock: Clock;
  logger: Logger;
  sessions: SessionSettings;
}

interface Watched extends Credential {
  ended: () => void;
}

/** How long to wait before the database is asked again that did not answer. */
const RETRY_MS = 1000;
/** How often it is looked for those that expire. */
const EXPIRY_MS = 1000;

/** What is told of whatever is open under a credential that has ended. */
export const credentialEnded = (): AppError =>
  new AppError(
    'UNAUTHENTICATED',
    'The credential has ended: it was revoked, has expired, or another one was given out in its place.',
  );

/**
 * Tells when a credential ends that something is open under, a person's session, an API key or a manager's credential,
 * on whichever server that happens: the event log says when to look, the database whether it is still there. Every
 * server polls the log each second, bell or not. What expires ends by the clock.
 */
export class CredentialWatch {
  readonly #deps: CredentialWatchDeps;
  readonly #stopping = new AbortController();
  readonly #watched = new Set<Watched>();
  /** Those to be looked up: new ones, and those that an event may have ended. */
  readonly #doubted = new Set<Watched>();
  #checking: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  #expiring: NodeJS.Timeout | undefined;
  #noting: NodeJS.Timeout | undefined;
  #noted: Promise<void> | undefined;

  constructor(deps: CredentialWatchDeps) {
    this.#deps = deps;
  }

  /** Begins to follow the event log and the clock. */
  start(): void {
    this.#following = this.#follow(this.#stopping.signal);
    this.#expiring = setInterval(() => this.#doubtExpired(), EXPIRY_MS).unref();
    const every = noteUseEvery(this.#deps.sessions);
    this.#noting = setInterval(() => (this.#noted = this.#noteUse()), every).unref();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#expiring);
    clearInterval(this.#noting);
    await Promise.all([this.#following, this.#checking, this.#noted]);
  }

  /**
   * Calls `ended`, once, when the credential of the principal has ended, also if that was just before this call.
   * @returns the function that ends the watch.
   */
  watch(principal: Principal, ended: () => void): () => void {
    const credential = credentialOf(principal);
    if (!credential) return () => undefined;
    const watched = { ...credential, ended };
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
          const seen = new Set(events.map(({ kind, clusterId }) => `${kind} ${clusterId}`));
          const touched = [...this.#watched].filter(({ kind, clusterId }) =>
            CREDENTIALS[kind].endedBy.some((end) => seen.has(`${end} ${clusterId}`)),
          );
          this.#doubt(touched);
        }
      } catch (error) {
        logger.debug({ err: error }, 'credentials are watched anew: the event log could not be followed');
      }
      await setTimeout(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #doubt(watched: Iterable<Watched>): void {
    for (const one of watched) this.#doubted.add(one);
    if (this.#doubted.size > 0) this.#checking ??= this.#check();
  }

  /** Looks up all that are doubted, however many, with one query a kind; again when more came meanwhile. */
  async #check(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#doubted.size > 0 && !signal.aborted) {
      const asked = [...this.#doubted];
      this.#doubted.clear();
      try {
        const { prisma, clock } = this.#deps;
        for (const [kind, { endsOf }] of Object.entries(CREDENTIALS)) {
          const those = asked.filter((one) => one.kind === kind);
          if (those.length === 0) continue;
          const ends = await endsOf(
            prisma,
            those.map(({ id }) => id),
            clock.now(),
          );
          for (const one of those) {
            const expiresAt = ends.get(one.id);
            if (expiresAt !== undefined) one.expiresAt = expiresAt;
            else if (this.#watched.delete(one)) one.ended();
          }
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

  /** Those that were renewed meanwhile are found to be still there. */
  #doubtExpired(): void {
    const now = this.#deps.clock.now();
    this.#doubt([...this.#watched].filter(({ expiresAt }) => expiresAt && expiresAt <= now));
  }

  /** A page that is open and live uses its session, though it may ask for nothing. */
  async #noteUse(): Promise<void> {
    const { prisma, clock, logger } = this.#deps;
    const ids = [...this.#watched].filter(({ kind }) => kind === 'person').map(({ id }) => id);
    if (ids.length === 0) return;
    await prisma.session
      .updateMany({ where: { id: { in: ids } }, data: { lastUsedAt: clock.now() } })
      .catch((error: unknown) => logger.debug({ err: error }, 'the use of sessions could not be noted'));
  }
}
