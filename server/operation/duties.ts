import type { Deps } from '../graphql/context.ts';
import { sweepLeases } from '../manager/sweep.ts';
import { expireCommands } from './commands.ts';

/**
 * What the server does by itself: notice silence and expire commands, four times a lease.
 * @returns the function that ends it; resolves when nothing is under way any more.
 */
export function startDuties(deps: Deps): () => Promise<void> {
  let round: Promise<void> | undefined;
  const timer = setInterval(() => {
    round ??= duties(deps)
      .catch((error: unknown) => deps.logger.warn({ err: error }, 'a duty failed; it is tried again'))
      .finally(() => (round = undefined));
  }, deps.leaseMs / 4).unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
}

async function duties(deps: Deps): Promise<void> {
  await sweepLeases(deps);
  await expireCommands(deps);
}
