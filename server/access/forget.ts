import type { Clock } from '../platform/clock.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { DEVICE_MS } from './device.ts';
import type { SessionSettings } from './session.ts';
import { FORGET_MS } from './throttle.ts';

/** Removes sessions and invitations that have expired, attempts to log in that count no more, and browsers not used for long. */
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
  await prisma.device.deleteMany({ where: { lastLogInAt: before(DEVICE_MS) } });
  await prisma.logInAttempts.deleteMany({ where: { lastAt: before(FORGET_MS) } });
}
