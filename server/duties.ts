import type { Deps } from './deps.ts';
import { forgetExpired } from './access/forget.ts';
import { excuseOutage } from './access/outage.ts';
import { tellAuditHead } from './access/audit/tell-head.ts';
import { heedClockSetBack } from './manager/clock-set-back.ts';
import { sweepLeases } from './manager/sweep.ts';
import { forgetEnded } from './operation/forget.ts';
import { compact, type Retention } from './platform/compaction.ts';
import type { Duty } from './platform/duty.ts';
import { forgetLabels } from './topology/labels.ts';

/**
 * What a server does by itself: notice silence and shorten the log, four times a lease. Of several
 * servers the one that has the duty does it. One that fails is logged, keeps none of the others from being done, and
 * is tried again in the next round.
 * @returns the function that ends it; resolves when nothing is under way any more.
 */
export function startDuties(
  deps: Deps,
  duty: Pick<Duty, 'held'>,
  retention: Retention & { endedMs: number },
): () => Promise<void> {
  const duties: Record<string, () => Promise<unknown>> = {
    'heed a clock that was set back': () => heedClockSetBack(deps),
    'notice silence': () => sweepLeases(deps),
    'forget who is gone': () => forgetExpired(deps),
    'tell the head of the audit log': tellAuditHead(deps),
    'excuse an outage': () => excuseOutage(deps),
    'forget what ended': nowAndThen(() => forgetEnded(deps, retention.endedMs)),
    'shorten the log': () => compact(deps.prisma, deps.clock.now(), retention),
    'forget labels': () => forgetLabels(deps.prisma),
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

const HOUR_MS = 3_600_000;

/** Once an hour, and in each round as long as there is more to do: so much is read to find out that there is nothing. */
function nowAndThen(work: () => Promise<boolean>): () => Promise<void> {
  let next = 0;
  return async () => {
    if (performance.now() < next) return;
    if (!(await work())) next = performance.now() + HOUR_MS;
  };
}
