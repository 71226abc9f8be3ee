import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Transaction } from '../platform/event-log.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import { ADMINISTRATORS } from './administrators.ts';
import { hashSecret, newSecret } from './principal.ts';

/** How long an invitation can be accepted, milliseconds. */
const VALID_MS = 3 * 24 * 3_600_000;

/** The token is in the answer only: its hash is what is kept. */
export interface Invited {
  token: string;
  expiresAt: Date;
}

/** Makes an invitation for a person; for null, to be the first administrator. */
export async function invite(
  tx: Transaction | PrismaClient,
  personId: string | null,
  now: Date,
): Promise<Invited> {
  const token = newSecret('oci');
  const expiresAt = new Date(now.getTime() + VALID_MS);
  await tx.invitation.create({ data: { hash: hashSecret(token), personId, createdAt: now, expiresAt } });
  return { token, expiresAt };
}

/**
 * The invitation of this token.
 * @throws AppError NOT_FOUND when there is none, it was used, it has expired, or its person is disabled
 */
export async function invitationOf(
  { prisma, clock }: { prisma: PrismaClient | Transaction; clock: Clock },
  token: string,
) {
  const invitation = await prisma.invitation.findUnique({
    where: {
      hash: hashSecret(token),
      expiresAt: { gt: clock.now() },
      OR: [{ personId: null }, { person: { disabled: false } }],
    },
    include: { person: { select: { name: true } } },
  });
  if (invitation) return invitation;
  throw new AppError(
    'NOT_FOUND',
    'This link is not valid: it was used, has expired, or was replaced by a newer one. Ask an administrator for another.',
  );
}

/**
 * While there is no administrator, each server that starts makes an invitation to be the first one, and prints it.
 * Those of several servers, and of earlier starts, are good until one of them is used.
 * @returns null when there is one.
 */
export async function inviteFirstAdministrator({
  prisma,
  clock,
}: {
  prisma: PrismaClient;
  clock: Clock;
}): Promise<Invited | null> {
  if (await prisma.person.findFirst({ where: ADMINISTRATORS, select: { id: true } })) return null;
  return invite(prisma, null, clock.now());
}
