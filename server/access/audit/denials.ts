import type { PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type { Caller } from '../principal.ts';
import type { AuditTarget } from './chain.ts';
import { recordAudit, type NewAuditEntry } from './record.ts';

export interface DenialsDeps {
  prisma: PrismaClient;
  clock: Clock;
  logger: Logger;
}

/** How long denials are counted before they are written down in one entry; doubled while there are too many. */
const WINDOW_MS = 60_000;
const LONGEST_WINDOW_MS = 3_600_000;

/** Of so many kinds in a window each is written down when it comes first; further kinds are counted together. */
const MOST_KINDS = 20;

interface Counted {
  actor: string;
  from: string;
  action: string;
  count: number;
}

/**
 * Writes down who was not let do what. The first of a kind (who, from where, what) is written at once; the same again
 * within a minute is counted, and one entry tells the counts when the minute is over. So no flood fills the disk:
 * there are 21 entries a minute at most, and in the long run 21 an hour. A server that is killed loses a window's counts.
 */
export class Denials {
  readonly #deps: DenialsDeps;
  readonly #kinds = new Map<string, Counted>();
  #others = 0;
  #windowMs = WINDOW_MS;
  #began: Date | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: DenialsDeps) {
    this.#deps = deps;
  }

  /**
   * Notes that `caller` was refused `action`, when that is what the error says; resolves when that is written.
   * @param targets on what it was to be done, as far as the request said; of those that are only counted none is told.
   */
  async note(
    caller: Caller,
    action: string,
    error: unknown,
    targets: readonly AuditTarget[] = [],
  ): Promise<void> {
    if (!isDenial(error)) return;
    const { principal, from } = caller;
    const actor = 'name' in principal ? `${principal.kind} ${principal.name}` : principal.kind;
    const kind = JSON.stringify([actor, from, action]);
    this.#began ??= this.#beginWindow();
    const known = this.#kinds.get(kind);
    if (known) known.count++;
    else if (this.#kinds.size === MOST_KINDS) this.#others++;
    else {
      this.#kinds.set(kind, { actor, from, action, count: 0 });
      const detail = { message: error.message.slice(0, 500) };
      await this.#write({ principal, from, action, detail, targets: [...targets] });
    }
  }

  /** Writes down what was counted. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#endWindow();
  }

  #beginWindow(): Date {
    this.#timer = setTimeout(() => void this.#endWindow(), this.#windowMs).unref();
    return this.#deps.clock.now();
  }

  async #endWindow(): Promise<void> {
    const again = [...this.#kinds.values()].filter(({ count }) => count > 0);
    const others = this.#others;
    const since = this.#began;
    this.#kinds.clear();
    this.#others = 0;
    this.#began = undefined;
    this.#windowMs = others > 0 ? Math.min(this.#windowMs * 2, LONGEST_WINDOW_MS) : WINDOW_MS;
    if (!since || (again.length === 0 && others === 0)) return;
    await this.#write({
      principal: { kind: 'system' },
      from: '',
      action: 'countDenials',
      targets: [],
      detail: { since: since.toISOString(), again: again.map((counted) => ({ ...counted })), others },
    });
  }

  /** A denial stands whether it can be written down or not. */
  async #write(entry: Omit<NewAuditEntry, 'at' | 'result'>) {
    const { prisma, clock, logger } = this.#deps;
    await recordAudit(prisma, { ...entry, at: clock.now(), result: 'DENIED' }).catch((error: unknown) =>
      logger.warn({ err: error, action: entry.action }, 'a denial could not be written down'),
    );
  }
}

const isDenial = (error: unknown): error is AppError =>
  error instanceof AppError && ['FORBIDDEN', 'UNAUTHENTICATED'].includes(String(error.extensions['code']));
