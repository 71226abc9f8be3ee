import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Position } from '../../platform/event-log.ts';
import { SharedSubscriptions, type Consumer, type Shareable } from './shared.ts';

/** A log that grows when it is told to, and what each step between two positions was executed. */
class Log {
  head = 0;
  executed: string[] = [];
  broken: Error | undefined;
  readonly #waiting = new Set<() => void>();

  grow(): void {
    this.head++;
    this.wake();
  }

  wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  shareable(start: number, withSnapshot = false): Shareable {
    const at = (revision: number): Position => ({ revision: BigInt(revision), mark: 'm' });
    const event = (from: number, to: number) => ({ position: at(to), from });
    return {
      key: 'the same',
      stream: {
        start: at(start),
        snapshot: withSnapshot ? event(-1, start) : undefined,
        next: async ({ revision }, signal) => {
          while (Number(revision) === this.head && !signal.aborted && !this.broken) {
            await new Promise<void>((resolve) => {
              const done = () => (this.#waiting.delete(done), resolve());
              this.#waiting.add(done);
              signal.addEventListener('abort', done);
            });
          }
          if (this.broken) throw this.broken;
          return signal.aborted ? undefined : event(Number(revision), this.head);
        },
      },
      execute: (told) => {
        const { from, position } = told as { from: number; position: Position };
        this.executed.push(`${from}-${position.revision}`);
        return Promise.resolve(Buffer.from(JSON.stringify([from, Number(position.revision)])));
      },
      errorsOf: (error) => [error as never],
    };
  }
}

/** Takes a result at once, or, when it is slow, when it is told to. */
class Taker implements Consumer {
  seen: [number, number][] = [];
  failed: unknown;
  #free: (() => void) | undefined;
  readonly slow: boolean;

  constructor(slow = false) {
    this.slow = slow;
  }

  send(result: Buffer): Promise<void> | undefined {
    this.seen.push(JSON.parse(result.toString()) as [number, number]);
    return this.slow ? new Promise((resolve) => (this.#free = resolve)) : undefined;
  }
  fail(errors: readonly unknown[]): void {
    this.failed = errors[0];
  }
  end(): void {}
  drain(): void {
    this.#free?.();
  }
}

const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

describe('shared subscriptions', () => {
  it('execute a step once for all who are at the same place', async () => {
    const log = new Log();
    const shared = new SharedSubscriptions();
    const takers = Array.from({ length: 50 }, () => new Taker());
    for (const taker of takers) shared.join(log.shareable(0, true), taker);
    for (let n = 0; n < 3; n++) {
      await settle();
      log.grow();
    }
    await settle();
    expect(log.executed).toEqual(['-1-0', '0-1', '1-2', '2-3']);
    for (const { seen } of takers) expect(seen).toHaveLength(4);
    expect(shared.size).toEqual({ groups: 1, cohorts: 1 });
  });

  it('tell everybody everything in order, whoever is slow, comes late or leaves', async () => {
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ do: 'grow' as const }) },
      fc.record({ do: fc.constant('join' as const), behind: fc.nat(5), slow: fc.boolean() }),
      fc.record({ do: fc.constant('drain' as const), who: fc.nat(20) }),
      fc.record({ do: fc.constant('leave' as const), who: fc.nat(20) }),
      { weight: 3, arbitrary: fc.constant({ do: 'settle' as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const log = new Log();
        const shared = new SharedSubscriptions();
        const all: { taker: Taker; start: number; leave: () => void; left: boolean }[] = [];
        for (const act of actions) {
          if (act.do === 'grow') log.grow();
          if (act.do === 'settle') await settle();
          if (act.do === 'join') {
            const start = Math.max(0, log.head - act.behind);
            const taker = new Taker(act.slow);
            all.push({ taker, start, leave: shared.join(log.shareable(start), taker), left: false });
          }
          const one = 'who' in act ? all[act.who] : undefined;
          if (act.do === 'drain') one?.taker.drain();
          if (act.do === 'leave' && one) {
            one.leave();
            one.left = true;
          }
        }
        for (let round = 0; round < 5; round++) {
          await settle();
          for (const { taker } of all) taker.drain();
        }
        await settle();
        for (const { taker, start, left } of all) {
          // Each result begins where the one before ended.
          const steps = [[start, start] as const, ...taker.seen];
          for (const [n, [from]] of taker.seen.entries()) expect(from).toBe(steps[n]![1]);
          if (!left) expect(steps.at(-1)![1]).toBe(log.head);
        }
        for (const { leave } of all) leave();
        log.wake();
        await settle();
        expect(shared.size).toEqual({ groups: 0, cohorts: 0 });
      }),
      { numRuns: 300 },
    );
  });

  it('fail together when the log does, and leave nothing behind', async () => {
    const log = new Log();
    const shared = new SharedSubscriptions();
    const takers = [new Taker(), new Taker()];
    for (const taker of takers) shared.join(log.shareable(0), taker);
    await settle();
    log.broken = new Error('gone');
    log.wake();
    await settle();
    expect(takers.map(({ failed }) => failed)).toEqual([log.broken, log.broken]);
    expect(shared.size).toEqual({ groups: 0, cohorts: 0 });
  });
});
