import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';

/** How many attempts in vain are free, and the longest delay after more, milliseconds. */
interface Pace {
  free: number;
  longestMs: number;
}
/**
 * Of one name from one address: who guesses elsewhere keeps nobody out here. Or with one browser that is known to the
 * name, wherever it is: who guesses beside it keeps nobody out either.
 */
const NAME: Pace = { free: 5, longestMs: 15 * 60_000 };
/** Of one address, whatever the names: behind it may be a whole office. */
const ADDRESS: Pace = { free: 30, longestMs: 60_000 };
/** What is older counts no more, milliseconds. */
export const FORGET_MS = 24 * 3_600_000;

/** How long after so many attempts in vain no other one is looked at: a second, then twice as long each time. */
export const delayAfter = (failures: number, { free, longestMs }: Pace): number =>
  failures <= free ? 0 : Math.min(1000 * 2 ** (failures - free - 1), longestMs);

/**
 * What one who guesses has to change to come from elsewhere: an address or, of IPv6, the 64 bits that are given out
 * together.
 */
export function placeOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('%', 1)[0]!.split('::');
  const groups = (part: string) => part.split(':').filter(Boolean);
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(Math.max(missing, 0)).fill('0'), ...groups(tail)];
  return all
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':');
}

const keyOf = (...parts: string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

interface Row {
  key: string;
  failures: number;
  blockedUntil: Date;
  lastAt: Date;
}

/**
 * Counts an attempt to log in as one in vain before it is looked at, so that many at once do not slip through; for all
 * servers of the database. What is refused is not counted: nobody makes a delay longer by waiting impatiently, and
 * nobody is kept out for ever.
 * @param name as it is compared; whether there is such a person makes no difference.
 * @param device the id of the browser, if it is known to whoever has the name: it has its own count, and no other.
 * @returns what is to be called when the attempt was a right one, and what when nobody could look at it.
 * @throws AppError UNAVAILABLE with `retryAfterSeconds` while the delay lasts
 */
export async function countAttempt(
  { prisma, clock }: { prisma: PrismaClient; clock: Clock },
  name: string,
  from: string,
  device?: string,
): Promise<{ wasRight(): Promise<void>; wasNotLookedAt(): Promise<void> }> {
  const place = placeOf(from);
  const own = device === undefined ? keyOf(name, place) : keyOf(name, 'device', device);
  const paces = new Map([[own, NAME]]);
  if (device === undefined) paces.set(keyOf(place), ADDRESS);
  const keys = [...paces.keys()].sort();
  const now = clock.now();
  const counted: { key: string; blockedUntil: Date }[] = [];
  await prisma.$transaction(async (tx) => {
    // Locks the rows, which may not be there yet, in one order.
    const rows = await tx.$queryRaw<Row[]>`
      INSERT INTO log_in_attempts AS a (key, failures, blocked_until, last_at)
      SELECT key, 0, ${now}, ${now} FROM unnest(${keys}::text[]) AS k(key) ORDER BY key
      ON CONFLICT (key) DO UPDATE SET key = a.key
      RETURNING key, failures, blocked_until AS "blockedUntil", last_at AS "lastAt"`;
    const until = Math.max(...rows.map(({ blockedUntil }) => blockedUntil.getTime()));
    // It leaves no row behind: whoever goes on trying names fills no table.
    if (until > now.getTime()) throw tooMany(Math.ceil((until - now.getTime()) / 1000));
    for (const { key, failures: before, lastAt } of rows) {
      const failures = now.getTime() - lastAt.getTime() >= FORGET_MS ? 1 : before + 1;
      const blockedUntil = new Date(now.getTime() + delayAfter(failures, paces.get(key)!));
      await tx.logInAttempts.update({ where: { key }, data: { failures, blockedUntil, lastAt: now } });
      counted.push({ key, blockedUntil });
    }
  });
  const uncount = (key: string) =>
    prisma.logInAttempts.updateMany({
      where: { key, failures: { gt: 0 } },
      data: { failures: { decrement: 1 } },
    });
  return {
    wasRight: async () => {
      await prisma.logInAttempts.deleteMany({ where: { key: own } });
      // Only its own: one who may log in must not buy guesses at others by it.
      if (device === undefined) await uncount(keyOf(place));
    },
    wasNotLookedAt: async () => {
      for (const { key, blockedUntil } of counted) {
        await uncount(key);
        // The delay of a later attempt stays.
        await prisma.logInAttempts.updateMany({ where: { key, blockedUntil }, data: { blockedUntil: now } });
      }
    },
  };
}

const tooMany = (retryAfterSeconds: number): AppError =>
  new AppError('UNAVAILABLE', `Too many attempts have failed. Try again in ${retryAfterSeconds} seconds.`, {
    retryAfterSeconds,
  });
