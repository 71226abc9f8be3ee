import { AppError } from './errors.ts';

/**
 * Lets so many work at once, and of each key one: what a key asks for is done in the order in which it came, and the keys
 * take turns. So one that asks for very much waits for itself, and for the others no longer than these for it.
 */
export class FairQueue {
  readonly #atOnce: number;
  readonly #waiting: number;
  readonly #full: string;
  /** What waits, by key. */
  readonly #queues = new Map<string, (() => void)[]>();
  readonly #busy = new Set<string>();
  /** Keys with something that waits and nothing under way, who waits longest first. */
  readonly #next: string[] = [];

  /**
   * @param waiting how much of a key may wait
   * @param full what is told whoever comes when so much waits
   */
  constructor({ atOnce, waiting, full }: { atOnce: number; waiting: number; full: string }) {
    this.#atOnce = atOnce;
    this.#waiting = waiting;
    this.#full = full;
  }

  /** What `work` answers, when it is its turn. @throws AppError UNAVAILABLE when too much of the key waits. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.#busy.has(key) || this.#busy.size >= this.#atOnce) await this.#turnOf(key);
    else this.#busy.add(key);
    try {
      return await work();
    } finally {
      this.#busy.delete(key);
      if (this.#queues.has(key)) this.#next.push(key);
      this.#go();
    }
  }

  #turnOf(key: string): Promise<void> {
    const queue = this.#queues.get(key) ?? [];
    if (queue.length >= this.#waiting) throw new AppError('UNAVAILABLE', this.#full);
    if (queue.length === 0) {
      this.#queues.set(key, queue);
      if (!this.#busy.has(key)) this.#next.push(key);
    }
    return new Promise((resolve) => queue.push(resolve));
  }

  #go(): void {
    while (this.#busy.size < this.#atOnce && this.#next.length > 0) {
      const key = this.#next.shift()!;
      const queue = this.#queues.get(key)!;
      const begin = queue.shift()!;
      if (queue.length === 0) this.#queues.delete(key);
      // It is busy from now on, not from when it is awake.
      this.#busy.add(key);
      begin();
    }
  }
}
