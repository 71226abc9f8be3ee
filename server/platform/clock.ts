import type { PrismaClient } from './generated/prisma/client.ts';
import type { Logger } from './log.ts';

/** The OC's own clock: the only one that decides. Tests hand in another. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

const MEASURE_EVERY_MS = 30_000;

/** A slower answer says too little of the moment at which the database looked at its clock. */
const LONGEST_ROUND_TRIP_MS = 1000;

/**
 * How far the database's clock is ahead, milliseconds: it was read somewhere between `before` and `after`.
 * @returns `known` when the answer took too long to tell better
 */
export function clockOffset(
  { before, database, after }: { before: number; database: number; after: number },
  known: number | undefined,
): number {
  if (known !== undefined && after - before > LONGEST_ROUND_TRIP_MS) return known;
  return database - (before + after) / 2;
}

/**
 * The database's clock, for several servers must agree on when a lease ends. It is compared at the start and again
 * every half a minute; while the database does not answer, what was found last holds. In between this machine's
 * monotonic clock counts: setting the machine's time, by a person or by NTP, moves nothing here.
 */
export class DatabaseClock implements Clock {
  readonly #prisma: PrismaClient;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #offset: number | undefined;
  #measuring: Promise<void> | undefined;

  private constructor(prisma: PrismaClient, logger: Logger) {
    this.#prisma = prisma;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#again(), MEASURE_EVERY_MS).unref();
  }

  /** @throws what the database throws when it does not answer */
  static async start(prisma: PrismaClient, logger: Logger): Promise<DatabaseClock> {
    const clock = new DatabaseClock(prisma, logger);
    try {
      await clock.#measure();
    } catch (error) {
      await clock.stop();
      throw error;
    }
    return clock;
  }

  now(): Date {
    return new Date(Math.round(performance.now() + this.#offset!));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#measuring;
  }

  async #measure(): Promise<void> {
    const before = performance.now();
    const [row] = await this.#prisma.$queryRaw<{ ms: number }[]>`
      SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`;
    this.#offset = clockOffset({ before, database: row!.ms, after: performance.now() }, this.#offset);
  }

  async #again(): Promise<void> {
    this.#measuring ??= this.#measure()
      .catch((error: unknown) => this.#logger.warn({ err: error }, "could not read the database's clock"))
      .finally(() => (this.#measuring = undefined));
    await this.#measuring;
  }
}
