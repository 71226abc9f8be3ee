import { setTimeout as delay } from 'node:timers/promises';
import type { Deps } from '../deps.ts';
import type { EventKind } from '../platform/generated/prisma/enums.ts';
import type { Duty } from '../platform/duty.ts';
import { headPosition } from '../platform/event-log.ts';
import { AppError } from '../platform/errors.ts';
import { revertStopped } from './acts/revert.ts';
import { takeTurn } from './turn.ts';

/** What may let any operation go on that has commands in the cluster. */
const MOVES_ALL = new Set<EventKind>([
  'CLUSTER_SILENT',
  'CLUSTER_BACK',
  'CLUSTER_CHANGED',
  'CLUSTER_RELABELLED',
  'POLICY_CHANGED',
]);
/** What tells of an operation and yet lets nothing of it go on. */
const MOVES_NONE = new Set<EventKind>(['STEP_CHANGED']);
/**
 * How long news of operations gather, so that many together cost one look: at least so many milliseconds, and so many
 * times as long as the look before took. Where clusters are done all the time, looking leaves room for what is looked at.
 */
const GATHER_MS = 20;
const GATHER_TIMES = 5;
const GATHER_MOST_MS = 200;
/** Longest sleep of a timer; also how long it takes at most to notice that the duty has come to this server. */
const LOOK_MS = 1000;

/**
 * Carries operations on: on the one server that has the duty. It sleeps until the log tells of something or until a
 * deadline; what it knows is only when to look again, so that a successor begins with a look at all that are open.
 */
export class Runner {
  readonly #deps: Pick<Deps, 'prisma' | 'bus' | 'clock' | 'tail' | 'logger'>;
  readonly #duty: Pick<Duty, 'held' | 'since'>;
  readonly #stopping = new AbortController();
  /** Open operations and when each is to be looked at again; null: when there is news of it. */
  readonly #open = new Map<string, Date | null>();
  #due = new Set<string>();
  /** All open ones are to be looked at, whichever they are. */
  #lookAtAll = true;
  #heldSince: number | null = null;
  #wake = () => {};
  #working: Promise<void> | undefined;
  #following: Promise<void> | undefined;

  constructor(
    deps: Pick<Deps, 'prisma' | 'bus' | 'clock' | 'tail' | 'logger'>,
    duty: Pick<Duty, 'held' | 'since'>,
  ) {
    this.#deps = deps;
    this.#duty = duty;
  }

  start(): void {
    this.#following = this.#follow();
    this.#working = this.#work();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await Promise.all([this.#working, this.#following]);
  }

  async #follow(): Promise<void> {
    const { prisma, tail, logger } = this.#deps;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        this.#lookAtAll = true;
        for await (const { events } of tail.follow(await headPosition(prisma), signal)) {
          for (const { operationId, kind } of events) {
            if (operationId) {
              if (!MOVES_NONE.has(kind)) this.#due.add(operationId);
            } else if (MOVES_ALL.has(kind)) for (const id of this.#open.keys()) this.#due.add(id);
          }
          if (this.#due.size > 0) this.#wake();
        }
      } catch (error) {
        // A log that begins anew is no fault; what was missed is made up for by looking at all.
        const told =
          error instanceof AppError && error.extensions.code === 'RESYNC_REQUIRED' ? 'debug' : 'warn';
        logger[told]({ err: error }, 'the runner lost the log and begins again');
        await this.#sleep(LOOK_MS);
      }
    }
  }

  async #work(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const began = performance.now();
      await this.#round().catch((error: unknown) => {
        this.#lookAtAll = true;
        this.#deps.logger.warn({ err: error }, 'the runner could not look at the operations');
      });
      const took = performance.now() - began;
      await this.#sleep(this.#pause());
      await delay(Math.max(GATHER_MS, Math.min(took * GATHER_TIMES, GATHER_MOST_MS)), undefined, {
        ref: false,
      });
    }
  }

  async #round(): Promise<void> {
    if (!this.#duty.held) {
      this.#heldSince = null;
      this.#due.clear();
      return;
    }
    const since = this.#duty.since.getTime();
    if (this.#heldSince !== since) this.#lookAtAll = true;
    this.#heldSince = since;
    if (this.#lookAtAll) await this.#findOpen();
    const now = this.#deps.clock.now();
    for (const [id, wakeAt] of this.#open) if (wakeAt && wakeAt <= now) this.#due.add(id);
    const due = this.#due;
    this.#due = new Set();
    for (const id of due) await this.#look(id);
  }

  async #findOpen(): Promise<void> {
    this.#lookAtAll = false;
    const open = await this.#deps.prisma.operation.findMany({
      where: {
        OR: [
          { status: { in: ['PENDING', 'RUNNING', 'PAUSED', 'ABORTING'] } },
          { revertReason: { not: null } },
        ],
      },
      orderBy: { createdAt: 'asc' },
      select: { id: true },
    });
    this.#open.clear();
    for (const { id } of open) {
      this.#open.set(id, null);
      this.#due.add(id);
    }
  }

  async #look(id: string): Promise<void> {
    // Known from now on, so that news for all that comes while it is looked at counts for it too.
    this.#open.set(id, null);
    try {
      const { ended, revertDue, wakeAt } = await takeTurn(this.#deps, id);
      if (revertDue) await revertStopped(this.#deps, id);
      if (ended) this.#open.delete(id);
      else this.#open.set(id, wakeAt);
    } catch (error) {
      // One that cannot be carried on keeps no other from it, and is tried again.
      this.#deps.logger.warn({ err: error, operationId: id }, 'an operation could not be carried on');
      this.#open.set(id, new Date(this.#deps.clock.now().getTime() + LOOK_MS));
    }
  }

  /** Milliseconds until there is something to do without any news. */
  #pause(): number {
    if (this.#due.size > 0 || (this.#lookAtAll && this.#duty.held)) return this.#due.size > 0 ? 0 : LOOK_MS;
    const now = this.#deps.clock.now().getTime();
    const waits = [...this.#open.values()].flatMap((wakeAt) => (wakeAt ? [wakeAt.getTime() - now] : []));
    return Math.max(0, Math.min(LOOK_MS, ...waits));
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#stopping.signal.aborted) this.#wake();
    });
  }
}
