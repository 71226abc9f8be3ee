import { GraphQLError } from 'graphql';
import type { PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError, type Refused } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { idOf, isOverAll, type Caller, type Principal } from '../principal.ts';
import type { AuditTarget } from './chain.ts';
import { recordAudit, type NewAuditEntry } from './record.ts';

export interface DenialsDeps {
  prisma: PrismaClient;
  clock: Clock;
  logger: Logger;
}

/** How long denials are counted before they are written down in one entry; doubled as long as there are any. */
const WINDOW_MS = 60_000;
const LONGEST_WINDOW_MS = 3_600_000;

/**
 * So many kinds of each who is known, and of all together who are not, are written down when they come first; further
 * ones are counted together, until with the time there is room for some again.
 */
const MOST_KINDS = 20;
const ROOM_AGAIN_MS = 600_000;

/** A question changes nothing, and nothing is done by it. */
export type Asked = 'ACT' | 'QUESTION';

interface Counted {
  actor: string;
  from: string;
  action: string;
  count: number;
}

/** How many more kinds there is room for, as of then. */
interface Room {
  left: number;
  at: number;
}

/**
 * Writes down who was not let do what. The first of a kind (who, from where, what) is written at once; the same again
 * soon after is counted, and one entry tells the counts when the window is over. So no flood fills the disk, and none
 * hides what somebody else is denied: whoever is not known, all together, and each who is, fills no more than 20 entries
 * at once and 6 an hour by acts, and as many by questions, which hide no act so; counts are one more an hour. A server
 * that is killed loses a window's counts.
 */
export class Denials {
  readonly #deps: DenialsDeps;
  readonly #kinds = new Map<string, Counted>();
  readonly #rooms = new Map<string, Room>();
  #others = 0;
  #windowMs = WINDOW_MS;
  #began: Date | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: DenialsDeps) {
    this.#deps = deps;
  }

  /**
   * Notes that `caller` was refused `action`, when that is what the error says (see `isDenial`); resolves when that is
   * written.
   * @param targets on what it was to be done, as far as the request said; of those that are only counted none is told.
   */
  async note(
    caller: Caller,
    action: string,
    error: unknown,
    { targets = [], asked = 'ACT' }: { targets?: readonly AuditTarget[]; asked?: Asked } = {},
  ): Promise<void> {
    const { principal, from } = caller;
    if (!isDenial(error, asked, principal)) return;
    const refused = refusedIn(error);
    const actor = 'name' in principal ? `${principal.kind} ${principal.name}` : principal.kind;
    const who = idOf(principal);
    const kind = JSON.stringify([who, from, action, refused?.at]);
    this.#began ??= this.#beginWindow();
    const known = this.#kinds.get(kind);
    if (known) known.count++;
    else if (!this.#takeRoom(`${asked} ${who}`)) this.#others++;
    else {
      this.#kinds.set(kind, { actor, from, action, count: 0 });
      const detail = { message: error.message.slice(0, 500) };
      await this.#write({ principal, from, action, detail, targets: [...(refused?.targets ?? targets)] });
    }
  }

  /** Whether there is room for one more kind of theirs; it is taken then. */
  #takeRoom(who: string): boolean {
    const now = this.#deps.clock.now().getTime();
    const { left, at } = this.#rooms.get(who) ?? { left: MOST_KINDS, at: now };
    const again = Math.floor((now - at) / ROOM_AGAIN_MS);
    const room = Math.min(MOST_KINDS, left + again);
    if (room === 0) return false;
    this.#rooms.set(who, { left: room - 1, at: room === MOST_KINDS ? now : at + again * ROOM_AGAIN_MS });
    return true;
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
    const counted = again.length > 0 || others > 0;
    this.#windowMs = counted ? Math.min(this.#windowMs * 2, LONGEST_WINDOW_MS) : WINDOW_MS;
    // Who has not been denied anything for so long has all the room there is.
    const long = this.#deps.clock.now().getTime() - MOST_KINDS * ROOM_AGAIN_MS;
    for (const [who, { at }] of this.#rooms) if (at <= long) this.#rooms.delete(who);
    if (!since || !counted) return;
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

/** What the error itself says that it refuses: an execution puts it into one that has a path. */
function refusedIn(error: GraphQLError): Refused | undefined {
  const cause = error.originalError ?? error;
  return cause instanceof AppError ? cause.refused : undefined;
}

/**
 * Whether the error denies something. What one may not see is answered like a wrong id, so to act on an id that is not
 * there counts as well, except of who sees everything and has just been wrong. Who is not logged in and asks for what
 * needs it is told to log in, as every page does: that is written down of acts only.
 */
function isDenial(error: unknown, asked: Asked, principal: Principal): error is GraphQLError {
  if (!(error instanceof GraphQLError)) return false;
  if (refusedIn(error)) return true;
  const isKnown = principal.kind !== 'anonymous';
  switch (error.extensions['code']) {
    case 'FORBIDDEN':
    case 'UNAUTHENTICATED':
      return isKnown || asked === 'ACT';
    case 'NOT_FOUND':
      return isKnown && asked === 'ACT' && !isOverAll(principal, 'VIEWER');
    default:
      return false;
  }
}
