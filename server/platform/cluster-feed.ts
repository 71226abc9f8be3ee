import { AppError } from './errors.ts';
import type { LoggedEvent } from './event-log.ts';
import type { EventKind } from './generated/prisma/enums.ts';

/** Events that wait for one follower; who is further behind starts again. */
const MOST_WAITING = 1000;

export interface Following {
  events: AsyncIterable<LoggedEvent[]>;
  /** Ends them. Whoever follows must call it. */
  leave(): void;
}

/**
 * The news of each cluster for those who follow that cluster alone. An event costs a look for its cluster, however many
 * clusters are followed; following the tail itself costs each follower every event.
 */
export class ClusterFeed {
  readonly #inboxes = new Map<string, Set<Inbox>>();

  /**
   * The events of these kinds of a cluster that this process has not read when this is called, so that whatever the caller reads
   * afterwards is complete together with them; some of them it may see twice. They end with the server.
   * @throws AppError RESYNC_REQUIRED, from the iteration, when events may be missing.
   */
  follow(clusterId: string, kinds: ReadonlySet<EventKind>): Following {
    const inbox = new Inbox(kinds);
    const inboxes = this.#inboxes.get(clusterId) ?? new Set();
    this.#inboxes.set(clusterId, inboxes.add(inbox));
    return {
      events: inbox.batches(),
      leave: () => {
        inbox.end();
        if (inboxes.delete(inbox) && inboxes.size === 0) this.#inboxes.delete(clusterId);
      },
    };
  }

  /** What this process has read of the log, in order. */
  tell(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      if (event.clusterId === null) continue;
      for (const inbox of this.#inboxes.get(event.clusterId) ?? []) inbox.put(event);
    }
  }

  /** Events may be missing between those told before and those told next. */
  lose(): void {
    for (const inbox of this.#all()) inbox.fail();
  }

  end(): void {
    for (const inbox of this.#all()) inbox.end();
  }

  #all(): Inbox[] {
    return [...this.#inboxes.values()].flatMap((inboxes) => [...inboxes]);
  }
}

/** What waits for one follower. */
class Inbox {
  #events: LoggedEvent[] = [];
  #state: 'open' | 'lost' | 'ended' = 'open';
  #wake = () => {};

  constructor(private readonly kinds: ReadonlySet<EventKind>) {}

  put(event: LoggedEvent): void {
    if (this.#state !== 'open' || !this.kinds.has(event.kind)) return;
    this.#events.push(event);
    if (this.#events.length > MOST_WAITING) this.fail();
    else this.#wake();
  }

  fail(): void {
    this.#finish('lost');
  }

  end(): void {
    this.#finish('ended');
  }

  async *batches(): AsyncGenerator<LoggedEvent[], void, void> {
    for (;;) {
      if (this.#events.length > 0) {
        const events = this.#events;
        this.#events = [];
        yield events;
      } else if (this.#state === 'open') {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      } else if (this.#state === 'ended') {
        return;
      } else {
        throw new AppError('RESYNC_REQUIRED', 'Events may be missing here: start again with a snapshot.');
      }
    }
  }

  #finish(state: 'lost' | 'ended'): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    this.#events = [];
    this.#wake();
  }
}
