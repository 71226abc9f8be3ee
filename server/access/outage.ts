import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { Clock } from '../platform/clock.ts';

/** A shorter absence, such as a restart, is none. */
const NOTICED_MS = 30_000;

export interface OutageDeps {
  prisma: PrismaClient;
  clock: Clock;
  leaseMs: number;
}

/** Rows are written no more often, milliseconds. */
const NOTED_MS = 10_000;

/**
 * Notes that a server is at work, and gives managers' credentials back the time during which none was: nobody could renew
 * then, and an operations center that was away for a weekend must not come back to managers that all need new tokens.
 * Called at the start, before anybody is served, in every round of the duties, and before a manager is told that its
 * credential has expired: after an outage of the database alone, managers are back before the next round.
 */
export async function excuseOutage({ prisma, clock, leaseMs }: OutageDeps): Promise<void> {
  const now = clock.now();
  const before = (ms: number) => new Date(now.getTime() - ms);
  // The row is locked first: of two servers that start at once the second finds that the first was there.
  await prisma.$executeRaw`
    WITH seen AS (
      SELECT at FROM presence WHERE id = 'oc' FOR UPDATE
    ), excused AS (
      UPDATE manager SET
        credential_expires_at = credential_expires_at + (${now}::timestamptz - seen.at),
        next_credential_expires_at = next_credential_expires_at + (${now}::timestamptz - seen.at)
      FROM seen
      WHERE seen.at < ${before(Math.max(NOTICED_MS, leaseMs))} AND revoked_at IS NULL
        AND greatest(credential_expires_at, next_credential_expires_at) > seen.at
      RETURNING 1
    )
    -- After the above: a row that this statement has changed is not locked by it any more.
    INSERT INTO presence AS known (id, at) SELECT 'oc', ${now}::timestamptz FROM (SELECT count(*) FROM excused) AS done
    ON CONFLICT (id) DO UPDATE SET at = excluded.at WHERE known.at < ${before(NOTED_MS)}`;
}
