import type { PrismaClient } from './generated/prisma/client.ts';
import { headPosition } from './event-log.ts';

/** How much of the log is kept: events that are younger, and no more than so many. */
export interface Retention {
  maxAgeMs: number;
  maxEvents: number;
}

/** Events deleted with one statement, and such statements in one round: what else waits for its turn is not held up. */
const CHUNK = { events: 5000, ofRound: 20 };

/**
 * How many of the oldest events may go. The newest event always stays: who is up to date goes on from it.
 * @param oldest in order of their revisions, the oldest first.
 */
export function expendable(
  oldest: readonly { revision: bigint; at: Date }[],
  head: bigint,
  now: Date,
  { maxAgeMs, maxEvents }: Retention,
): number {
  const keeps = ({ revision, at }: { revision: bigint; at: Date }) =>
    revision >= head || (head - revision < BigInt(maxEvents) && now.getTime() - at.getTime() <= maxAgeMs);
  const index = oldest.findIndex(keeps);
  return index < 0 ? oldest.length : index;
}

/**
 * Deletes the log's oldest events, chunk by chunk, as far as the retention lets them go and one round allows. Who asks
 * for what came after a deleted one gets RESYNC_REQUIRED.
 * @returns how many were deleted.
 */
export async function compact(prisma: PrismaClient, now: Date, retention: Retention): Promise<number> {
  const { revision: head } = await headPosition(prisma);
  const oldestEvents = (take: number) =>
    prisma.event.findMany({ orderBy: { revision: 'asc' }, take, select: { revision: true, at: true } });
  // Nearly always there is nothing to do, and one row tells.
  if (expendable(await oldestEvents(1), head, now, retention) === 0) return 0;
  let deleted = 0;
  for (let chunk = 0; chunk < CHUNK.ofRound; chunk++) {
    const oldest = await oldestEvents(CHUNK.events);
    const count = expendable(oldest, head, now, retention);
    if (count === 0) break;
    await prisma.event.deleteMany({ where: { revision: { lte: oldest[count - 1]!.revision } } });
    deleted += count;
    if (count < CHUNK.events) break;
  }
  return deleted;
}
