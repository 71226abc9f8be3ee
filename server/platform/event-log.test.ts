import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rounds } from '../../test/harness/rounds.ts';
import { until } from '../../test/harness/until.ts';
import { createTestDatabase, type TestDatabase } from '../../test/services/postgres.ts';
import { createLocalBus } from './bus.ts';
import { systemClock } from './clock.ts';
import { openDatabase, type Database } from './database/database.ts';
import {
  change,
  headPosition,
  logReader,
  SYSTEM_ID,
  type EventWriterDeps,
  type Position,
} from './event-log.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import { createLogger } from './log.ts';
import { Tail } from './tail.ts';

/** Resolves when it is opened. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('the order of commits on PostgreSQL', () => {
  const logger = createLogger('silent');
  let testDatabase: TestDatabase;
  let database: Database;
  let observer: pg.Client;
  let deps: EventWriterDeps;
  const tails: Tail[] = [];

  beforeAll(async () => {
    testDatabase = await createTestDatabase(process.env['TEST_DATABASE_TEMPLATE']);
    const { url: databaseUrl } = testDatabase;
    database = await openDatabase({ databaseUrl, dataDir: '', log: logger });
    observer = new pg.Client({ connectionString: databaseUrl });
    await observer.connect();
    deps = { prisma: database.prisma, bus: createLocalBus(), clock: systemClock };
    await database.prisma.system.create({ data: { id: SYSTEM_ID, name: 'Ordered' } });
    await write('the first, where everybody begins');
  });
  afterAll(async () => {
    for (const tail of tails) await tail.stop();
    await observer.end();
    await database.close();
    await testDatabase.drop();
  });

  /** Follows the log from where it is now, as a server does that hears the bell, or one that does not. */
  async function follower(bus = deps.bus, keep = 10_000) {
    const tail = new Tail({ log: logReader(database), bus, logger, pollMs: 50, keep });
    await tail.start();
    tails.push(tail);
    const seen: Position[] = [];
    const from = await headPosition(database.prisma);
    void (async () => {
      for await (const { events } of tail.follow(from)) seen.push(...events);
    })();
    return { from, seen };
  }
  const write = (name: string, writer = deps, held?: Promise<void>) =>
    change(writer, async (_tx, record) => {
      record({ kind: 'NODE_CHANGED', summary: name });
      await held;
    });
  const summaries = async (positions: readonly Position[]): Promise<string[]> => {
    const { rows } = await observer.query<{ summary: string }>(
      'SELECT summary FROM event WHERE revision = ANY ($1) ORDER BY revision',
      [positions.map(({ revision }) => String(revision))],
    );
    return rows.map(({ summary }) => summary);
  };

  it('A is open, B commits, a reader reads, A commits: the reader gets A too', async () => {
    const { seen } = await follower();
    const { opened, open } = gate();
    const a = write('A', deps, opened);
    await write('B');
    await until('B is read', () => seen.length === 1);
    open();
    await a;
    await until('A is read', () => seen.length === 2);
    expect(await summaries(seen)).toEqual(['B', 'A']);
  });

  it('A has its revision and is open: B cannot commit before it, and a reader sees neither or both', async () => {
    const { seen, from } = await follower();
    const { opened, open } = gate();
    // Held back between its last statement and its COMMIT.
    const prisma = {
      $transaction: (work: Parameters<PrismaClient['$transaction']>[0]) =>
        database.prisma.$transaction(async (tx) => {
          const value = await (work as (client: typeof tx) => Promise<unknown>)(tx);
          await opened;
          return value;
        }),
    } as unknown as PrismaClient;
    const waiting = async (count: number) =>
      (await observer.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rowCount === count;
    const inTransaction = async () =>
      (
        await observer.query(
          `SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE '%UPDATE system%'`,
        )
      ).rowCount === 1;
    const a = write('A first', { ...deps, prisma });
    await until('A has written its event', inTransaction);
    const b = write('B second');
    await until('B waits for A', () => waiting(1));
    expect(await headPosition(database.prisma)).toEqual(from);
    expect(seen).toEqual([]);
    open();
    await Promise.all([a, b]);
    await until('both are read', () => seen.length === 2);
    expect(await summaries(seen)).toEqual(['A first', 'B second']);
  });

  it('20 writers at once: revisions strictly increase, none is missing, on this server and on another', async () => {
    const each = rounds({ short: 25, full: 5000 });
    const here = await follower();
    // Hears no bell and remembers next to nothing, so that it reads from the database.
    const elsewhere = await follower(createLocalBus(), 5);
    let recorded = 0;
    const writer = async (name: number): Promise<void> => {
      for (let n = 0; n < each; n++) {
        const count = 1 + ((name + n) % 3);
        await change(deps, async (tx, record) => {
          for (let m = 0; m < count; m++) record({ kind: 'NODE_CHANGED', summary: `${name}/${n}/${m}` });
          // Some are slow between their work and their commit, some roll back.
          if (n % 5 === 0) await tx.$queryRaw`SELECT 1 FROM pg_sleep(0.002)`;
          if (n % 7 === 0) throw new Error('changed my mind');
          recorded += count;
        }).catch((error: unknown) => {
          if (!(error instanceof Error) || error.message !== 'changed my mind') throw error;
        });
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, name) => writer(name)));
    const wanted = Array.from({ length: recorded }, (_, n) => here.from.revision + BigInt(n + 1));
    for (const { seen } of [here, elsewhere]) {
      await until('all are read', () => seen.length >= recorded);
      expect(seen.map(({ revision }) => revision)).toEqual(wanted);
    }
    expect((await headPosition(database.prisma)).revision).toBe(wanted.at(-1));
    expect(new Set(await summaries(here.seen)).size, 'each event is another one').toBe(recorded);
  });
});
