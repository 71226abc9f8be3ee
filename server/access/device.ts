import type { Transaction } from '../platform/event-log.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { secretCookie, secretIn } from './cookie.ts';
import { hashSecret, newSecret } from './principal.ts';
import type { SessionSettings } from './session.ts';

/** So long after the last log-in a browser is still known, milliseconds. */
export const DEVICE_MS = 90 * 24 * 3_600_000;
/** How many browsers of one person are known: those that the person logged in with last. */
const MOST_DEVICES = 20;
const NAME = 'oc-device';

/**
 * The secret by which a browser is known that somebody has logged in with before (OWASP: device cookie). It lets nobody
 * in: attempts under that person's name are counted by themselves there, so that whoever guesses at the same address
 * does not hold up who belongs here. It outlives the session.
 */
export const deviceIn = (cookies: string | undefined, secure: boolean): string | undefined =>
  secretIn(cookies, NAME, 'ocd', secure);

/** The header `Set-Cookie` with it. */
export const deviceCookie = (device: string, { secure }: Pick<SessionSettings, 'secure'>): string =>
  secretCookie(NAME, device, DEVICE_MS, secure);

/** The id of the browser, if it is known, and to whoever logs in by that name. */
export async function knownDevice(
  prisma: PrismaClient,
  loginName: string,
  device: string | undefined,
): Promise<string | undefined> {
  if (device === undefined) return undefined;
  const where = { hash: hashSecret(device), person: { loginName } };
  return (await prisma.device.findFirst({ where, select: { id: true } }))?.id;
}

/**
 * The person has logged in with a browser: it is known from now on.
 * @param device the secret that it has shown. It gets another one: a copy is good until then, and one that was put
 *   there by somebody else for nothing.
 */
export async function rememberDevice(
  tx: Transaction,
  personId: string,
  device: string | undefined,
  now: Date,
): Promise<string> {
  const secret = newSecret('ocd');
  const data = { hash: hashSecret(secret), lastLogInAt: now };
  const known =
    device !== undefined &&
    (await tx.device.updateMany({ where: { hash: hashSecret(device), personId }, data })).count > 0;
  if (known) return secret;
  await tx.device.create({ data: { ...data, personId } });
  const newest = [{ lastLogInAt: 'desc' as const }, { id: 'asc' as const }];
  const more = await tx.device.findMany({
    where: { personId },
    orderBy: newest,
    skip: MOST_DEVICES,
    select: { id: true },
  });
  if (more.length > 0) await tx.device.deleteMany({ where: { id: { in: more.map(({ id }) => id) } } });
  return secret;
}
