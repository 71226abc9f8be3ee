import type { Clock } from '../platform/clock.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { SessionSettings } from './session.ts';
import { FORGET_MS } from './throttle.ts';

/** Removes sessions and invitations that have expired, and attempts to log in that count no more. */
export async function forgetExpired({
  prisma,
  clock,
  sessions: { idleMs },
}: {
  prisma: PrismaClient;
  clock: Clock;
  sessions: SessionSettings;
}): Promise<void> {
  const now = clock.now();
  const before = (ms: number) => ({ lt: new Date(now.getTime() - ms) });
  await prisma.session.deleteMany({
    where: { OR: [{ expiresAt: { lt: now } }, { lastUsedAt: before(idleMs) }] },
  });
  await prisma.invitation.deleteMany({ where: { expiresAt: { lt: now } } });
  await prisma.logInAttempts.deleteMany({ where: { lastAt: before(FORGET_MS) } });
}
