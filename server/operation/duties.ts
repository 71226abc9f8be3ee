import type { Deps } from '../graphql/context.ts';
import { compact, type Retention } from '../platform/compaction.ts';
import type { Duty } from '../platform/duty.ts';
import { sweepLeases } from '../manager/sweep.ts';
import { expireCommands } from './commands.ts';

/**
 * What a server does by itself: notice silence, expire commands and shorten the log, four times a lease. Of several
 * servers the one that has the duty does it.
 * @returns the function that ends it; resolves when nothing is under way any more.
 */
export function startDuties(deps: Deps, duty: Duty, retention: Retention): () => Promise<void> {
  let round: Promise<void> | undefined;
  const timer = setInterval(() => {
    if (!duty.held) return;
    round ??= duties(deps, retention)
      .catch((error: unknown) => deps.logger.warn({ err: error }, 'a duty failed; it is tried again'))
      .finally(() => (round = undefined));
  }, deps.leaseMs / 4).unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
}

async function duties(deps: Deps, retention: Retention): Promise<void> {
  await sweepLeases(deps);
  await expireCommands(deps);
  await compact(deps.prisma, deps.clock.now(), retention);
}
