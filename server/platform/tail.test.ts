import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createLocalBus } from './bus.ts';
import type { LoggedEvent, LogReader, Position } from './event-log.ts';
import { createLogger } from './log.ts';
import { Tail } from './tail.ts';

const started: Tail[] = [];
afterEach(async () => {
  for (const tail of started.splice(0)) await tail.stop();
});

/** An event log in memory, in place of the table: what commits is there at once, and everything can happen to it. */
class Log {
  /** All of this history; those before `#first` are deleted. */
  #events: LoggedEvent[] = [];
  #first = 0;
  #marks = 0;
  down = false;
  readonly bus = createLocalBus();

  constructor() {
    this.append(1);
  }

  get head(): Position {
    return this.#events.at(-1)!;
  }

  get kept(): LoggedEvent[] {
    return this.#events.slice(this.#first);
  }

  /** The event of this history at that revision, deleted or not. */
  at = (revision: bigint): LoggedEvent | undefined => this.#events[Number(revision) - 1];

  keeps = ({ revision, mark }: Position): boolean =>
    this.kept.some((event) => event.revision === revision && event.mark === mark);

  /** One transaction. */
  append(count: number): void {
    const mark = `m${++this.#marks}`;
    const ids = { clusterId: null, nodeId: null, operationId: null, commandId: null, stepId: null };
    for (let n = 0; n < count; n++) {
      this.#events.push({ revision: BigInt(this.#events.length + 1), mark, kind: 'NODE_CHANGED', ...ids });
    }
  }

  /** Deletes the oldest, never the newest. */
  compact(count: number): void {
    this.#first = Math.min(this.#first + count, this.#events.length - 1);
  }

  /** A backup of some time ago is put back: what came since never happened, and other things will. */
  restore(back: number): void {
    this.#events = this.#events.slice(0, Math.max(this.#first + 1, this.#events.length - back));
  }

  get reader(): LogReader {
    const answer = <T>(value: T) => (this.down ? Promise.reject(new Error('away')) : Promise.resolve(value));
    return {
      head: () => answer(this.head),
      from: (first, most) => answer(this.kept.filter(({ revision }) => revision >= first).slice(0, most)),
    };
  }

  async tail(keep: number): Promise<Tail> {
    const { reader, bus } = this;
    const tail = new Tail({
      log: reader,
      bus,
      logger: createLogger('silent'),
      keep,
      bookmarkMs: 1,
      pollMs: 10,
    });
    await tail.start();
    started.push(tail);
    return tail;
  }
}

const positionOf = ({ revision, mark }: Position): Position => ({ revision, mark });
const codeOf = (error: unknown): unknown =>
  (error as { extensions?: { code?: string } }).extensions?.code ?? error;

describe('the tail of the log', () => {
  const step = (what: 'append' | 'compact' | 'restore' | 'read', weight: number, max: number) => ({
    weight,
    arbitrary: fc.record({ what: fc.constant(what), count: fc.nat(max) }),
  });
  const story = fc.array(
    fc.oneof(step('append', 4, 5), step('compact', 1, 8), step('restore', 1, 8), step('read', 4, 2)),
    { maxLength: 30 },
  );

  it('skips nothing, tells nothing twice and nothing of another history, and sends away only who cannot be served', async () => {
    await fc.assert(
      fc.asyncProperty(story, fc.integer({ min: 1, max: 12 }), async (steps, keep) => {
        const log = new Log();
        const tail = await log.tail(keep);
        const readers: Position[] = Array.from({ length: 3 }, () => positionOf(log.head));
        for (const { what, count } of steps) {
          if (what !== 'read') {
            log[what](count);
            log.bus.ring();
            // A backup is put back under a server that has stopped, or that looks before anyone asks it.
            if (what === 'restore') await setImmediate();
            continue;
          }
          const at = readers[count]!;
          try {
            const { events, position } = (await tail.next(at))!;
            expect(events.map(({ revision }) => revision)).toEqual(
              events.map((_, n) => at.revision + BigInt(n + 1)),
            );
            for (const event of events) expect(event).toEqual(log.at(event.revision));
            expect(position).toEqual(positionOf(events.at(-1) ?? at));
            readers[count] = position;
          } catch (error) {
            expect(codeOf(error)).toBe('RESYNC_REQUIRED');
            expect(log.keeps(at), 'its place is not in the log any more').toBe(false);
            readers[count] = positionOf(log.head);
          }
        }
        // In the end each gets to the head, whatever happened before.
        for (let at of readers.filter(log.keeps)) {
          while (at.revision < log.head.revision) at = (await tail.next(at))!.position;
          expect(at).toEqual(positionOf(log.head));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('says that it cannot see while the log cannot be read, sends nobody away for that, and goes on when it can', async () => {
    const log = new Log();
    const tail = await log.tail(1);
    const at = log.head;
    log.append(3);
    log.down = true;
    const away = { revision: 99n, mark: 'm99' };
    await expect(tail.next(away).catch(codeOf)).resolves.not.toBe('RESYNC_REQUIRED');
    log.down = false;
    expect((await tail.next(at))!.events.map(({ revision }) => revision)).toEqual([2n, 3n, 4n]);
    await expect(tail.next(away).catch(codeOf)).resolves.toBe('RESYNC_REQUIRED');
  });

  it('ends who waits when he has gone, and everybody when it stops', async () => {
    const log = new Log();
    const tail = await log.tail(10);
    const gone = AbortSignal.abort();
    expect(await tail.next(log.head, gone)).toBeUndefined();
    await tail.stop();
    expect(await tail.next(log.head)).toBeUndefined();
  });
});
