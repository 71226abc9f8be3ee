import { randomBytes } from 'node:crypto';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { Clock } from '../platform/clock.ts';
import { recordAudit } from './audit/record.ts';
import { hashSecret, nameOf, type Caller } from './principal.ts';

export interface EnrolmentRequest {
  /** The cluster that it admits to; null: any. */
  clusterName: string | null;
  uses: number;
  expiresInSeconds: number;
}

/** 256 random bits behind a prefix that says what it is; a manager's credential begins with `ocm_`. */
export const newToken = (): string => `oce_${randomBytes(32).toString('base64url')}`;

/** Makes a token with which managers join. The token itself is in the answer only: its hash is what is kept. */
export async function createEnrolmentToken(
  prisma: PrismaClient,
  clock: Clock,
  caller: Caller,
  { clusterName, uses, expiresInSeconds }: EnrolmentRequest,
) {
  const token = newToken();
  const now = clock.now();
  const expiresAt = new Date(now.getTime() + expiresInSeconds * 1000);
  await prisma.$transaction(async (tx) => {
    const { id } = await tx.enrolmentToken.create({
      data: {
        hash: hashSecret(token),
        clusterName,
        usesLeft: uses,
        expiresAt,
        createdBy: nameOf(caller.principal),
      },
    });
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'createEnrolmentToken',
      targets: [{ type: 'EnrolmentToken', id, name: clusterName }],
      result: 'DONE',
      detail: { clusterName, uses, expiresAt: expiresAt.toISOString() },
    });
  });
  return { token, expiresAt, uses };
}
