import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { PrismaClient } from './generated/prisma/client.ts';
import type { Logger } from './log.ts';

export interface DutyOptions {
  prisma: PrismaClient;
  logger: Logger;
  name: string;
  /** A holder that is not heard for so long has lost it, milliseconds. */
  leaseMs: number;
}

/**
 * Work that exactly one of several servers does: who has the row's lease. It is asked for, and by its holder renewed,
 * four times a lease, always by the database's clock, so that the servers' clocks do not matter. Who stops gives it
 * up; who dies, or no longer reaches the database, loses it when the lease ends, and knows so without being told.
 *
 * A holder that has fallen asleep in the middle of the work may wake up when another has begun: the work itself must
 * bear that, as changes under a row's lock do.
 */
export class Duty {
  readonly #options: DutyOptions;
  /** The host and process are for people who look at the table. */
  readonly #holder = `${hostname()} ${process.pid} ${randomUUID()}`;
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  /** Until when it is held for sure, by the monotonic clock. */
  #heldUntil = 0;
  #since = new Date(0);
  #failing = false;

  constructor(options: DutyOptions) {
    this.#options = options;
  }

  /** @throws what the database throws when it does not answer */
  async start(): Promise<void> {
    await this.#ask();
    this.#timer = setInterval(() => void this.#askAgain(), this.#options.leaseMs / 4).unref();
  }

  /** Whether this server is the one. */
  get held(): boolean {
    return performance.now() < this.#heldUntil;
  }

  /** When the present holder, this server or another, began, as far as this server has seen. */
  get since(): Date {
    return this.#since;
  }

  /** Gives it up, so that another need not wait for the lease's end. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#asking;
    this.#heldUntil = 0;
    const { prisma, logger, name } = this.#options;
    await prisma.duty.deleteMany({ where: { name, holder: this.#holder } }).catch((error: unknown) => {
      // It ends by itself: no reason to fail a stop.
      logger.warn({ err: error, duty: name }, 'the duty could not be given up');
    });
  }

  /** A lease of its own that has run out counts as lost: nobody did the work meanwhile. */
  async #ask(): Promise<void> {
    const { prisma, name, leaseMs } = this.#options;
    const asked = performance.now();
    const [mine] = await prisma.$queryRaw<{ since: Date }[]>`
      INSERT INTO duty AS known (name, holder, since, expires_at)
      VALUES (${name}, ${this.#holder}, now(), now() + make_interval(secs => ${leaseMs / 1000}::float8))
      ON CONFLICT (name) DO UPDATE SET
        holder = excluded.holder,
        expires_at = excluded.expires_at,
        since = CASE WHEN known.expires_at < now() THEN excluded.since ELSE known.since END
      WHERE known.holder = excluded.holder OR known.expires_at < now()
      RETURNING since`;
    if (mine) this.#heldUntil = asked + leaseMs;
    const row = mine ?? (await prisma.duty.findUnique({ where: { name }, select: { since: true } }));
    if (row) this.#since = row.since;
    this.#failing = false;
  }

  async #askAgain(): Promise<void> {
    this.#asking ??= this.#ask()
      .catch((error: unknown) => {
        const { logger, name } = this.#options;
        if (!this.#failing) logger.warn({ err: error, duty: name }, 'the duty can be neither kept nor taken');
        this.#failing = true;
      })
      .finally(() => (this.#asking = undefined));
    await this.#asking;
  }
}
