import type { Deps } from './deps.ts';
import { forgetExpired } from './access/forget.ts';
import { excuseOutage } from './access/outage.ts';
import { tellAuditHead } from './access/audit/tell-head.ts';
import { sweepLeases } from './manager/sweep.ts';
import { compact, type Retention } from './platform/compaction.ts';
import type { Duty } from './platform/duty.ts';

/**
 * What a server does by itself: notice silence and shorten the log, four times a lease. Of several
 * servers the one that has the duty does it. One that fails is logged, keeps none of the others from being done, and
 * is tried again in the next round.
 * @returns the function that ends it; resolves when nothing is under way any more.
 */
export function startDuties(deps: Deps, duty: Pick<Duty, 'held'>, retention: Retention): () => Promise<void> {
  const duties: Record<string, () => Promise<unknown>> = {
    'notice silence': () => sweepLeases(deps),
    'forget who is gone': () => forgetExpired(deps),
    'tell the head of the audit log': tellAuditHead(deps),
    'excuse an outage': () => excuseOutage(deps),
    'shorten the log': () => compact(deps.prisma, deps.clock.now(), retention),
  };
  let round: Promise<void> | undefined;
  const timer = setInterval(() => {
    if (duty.held) round ??= doAll().finally(() => (round = undefined));
  }, deps.leaseMs / 4).unref();

  async function doAll(): Promise<void> {
    for (const [name, work] of Object.entries(duties)) {
      await work().catch((error: unknown) => deps.logger.warn({ err: error, duty: name }, 'a duty failed'));
    }
  }

  return async () => {
    clearInterval(timer);
    await round;
  };
}
