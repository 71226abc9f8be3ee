import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compact, expendable } from './compaction.ts';
import type { PrismaClient } from './generated/prisma/client.ts';

const HOUR = 3_600_000;
const now = new Date(1000 * HOUR);

it('goes from the oldest on, never takes the newest, and keeps what is young and not too many', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(100), { minLength: 1, maxLength: 40 }),
      fc.nat(20),
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 50 }),
      (ages, beyond, maxAge, maxEvents) => {
        const events = [...ages]
          .sort((a, b) => b - a)
          .map((age, n) => ({ revision: BigInt(n + 1), at: new Date(now.getTime() - age * HOUR) }));
        const head = BigInt(events.length + beyond);
        const count = expendable(events, head, now, { maxAgeMs: maxAge * HOUR, maxEvents });
        const [gone, kept] = [events.slice(0, count), events.slice(count)];
        const young = (at: Date) => now.getTime() - at.getTime() <= maxAge * HOUR;
        for (const { revision, at } of gone) {
          expect(revision).toBeLessThan(head);
          expect(young(at) && head - revision < BigInt(maxEvents)).toBe(false);
        }
        const [first] = kept;
        if (first && first.revision < head) {
          expect(young(first.at)).toBe(true);
          expect(Number(head - first.revision)).toBeLessThan(maxEvents);
        }
      },
    ),
  );
});

it('leaves what is too much for one round to the next one', async () => {
  let statements = 0;
  const endless = {
    system: { findUniqueOrThrow: async () => ({ revision: 10n ** 12n, mark: '' }) },
    event: {
      findMany: async ({ take }: { take: number }) =>
        Array.from({ length: take }, () => ({ revision: 1n, at: new Date(0) })),
      deleteMany: async () => void statements++,
    },
  };
  const deleted = await compact(endless as unknown as PrismaClient, now, { maxAgeMs: HOUR, maxEvents: 1 });
  expect(deleted).toBe(100_000);
  expect(statements).toBe(20);
});
