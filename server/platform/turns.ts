import { AppError } from './errors.ts';

/** Lets so many work at once and so many more wait, first come, first served. */
export class Turns {
  readonly #atOnce: number;
  readonly #waiting: number;
  readonly #full: string;
  #underWay = 0;
  readonly #queue: (() => void)[] = [];

  /** @param full what is told whoever comes when as many wait as may */
  constructor({ atOnce, waiting, full }: { atOnce: number; waiting: number; full: string }) {
    this.#atOnce = atOnce;
    this.#waiting = waiting;
    this.#full = full;
  }

  /** What `work` answers, when it is its turn. @throws AppError UNAVAILABLE when too many wait. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#atOnce) {
      if (this.#queue.length >= this.#waiting) throw new AppError('UNAVAILABLE', this.#full);
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else {
      this.#underWay++;
    }
    try {
      return await work();
    } finally {
      // Whose turn is over hands it to the next.
      const next = this.#queue.shift();
      if (next) next();
      else this.#underWay--;
    }
  }
}
