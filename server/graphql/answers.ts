import { ByteLru } from '../platform/byte-lru.ts';
import type { Denial } from './denials.ts';

/** An answer as it goes over the wire. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** A text goes out in one piece with the headers, which bytes do not. */
  body: string;
  /** What it refuses, to each of those who get it. */
  denied?: readonly Denial[];
}

/** An answer that tells of an error is for those who are waiting for it, and not kept. */
export type Execution = Answer & { failed: boolean };

/**
 * Answers that are never stale, on any of several servers. What the API shows is a function of the database at a head
 * of its event log: an answer that was begun after a head was read is given again as long as a head read after the
 * request came is the same one. Whoever asks the same while it is being made waits for it. With the next head all is
 * forgotten. What nobody has asked at this head is made without a look at it: it is as new as its question.
 */
export class Answers {
  readonly #readHead: () => Promise<string>;
  readonly #kept: ByteLru<Answer>;
  readonly #underWay = new Map<string, Promise<Answer>>();
  #head: string | undefined;

  /** @param readHead the head as it is committed; one read serves all who come before it begins. */
  constructor(readHead: () => Promise<string>, maxBytes = 32 * 1024 * 1024) {
    this.#readHead = sharedRead(readHead);
    this.#kept = new ByteLru(maxBytes);
  }

  /** The answer to the question with this key, from `execute` when there is none at the present head. */
  async get(key: string, execute: () => Promise<Execution>): Promise<Answer> {
    if (this.#head === undefined || this.#find(key)) await this.#look();
    return this.#find(key) ?? this.#begin(key, execute);
  }

  #find(key: string): Answer | Promise<Answer> | undefined {
    return this.#kept.get(key) ?? this.#underWay.get(key);
  }

  /** Forgets all when the head is another one by now. */
  async #look(): Promise<void> {
    const head = await this.#readHead();
    if (head === this.#head) return;
    this.#head = head;
    this.#kept.clear();
    this.#underWay.clear();
  }

  #begin(key: string, execute: () => Promise<Execution>): Promise<Answer> {
    const head = this.#head;
    const answer = execute()
      .then(({ failed, ...made }) => {
        if (!failed && head === this.#head) this.#kept.set(key, made, made.body.length);
        return made;
      })
      .finally(() => {
        if (this.#underWay.get(key) === answer) this.#underWay.delete(key);
      });
    this.#underWay.set(key, answer);
    return answer;
  }
}

/**
 * One read at a time, and each caller gets one that begins after its call: all who wait meanwhile share the next. A
 * read that fails fails for them as well: they have waited for it as long as one may.
 */
function sharedRead<T>(read: () => Promise<T>): () => Promise<T> {
  const nothing = Promise.resolve();
  let underWay: Promise<unknown> = nothing;
  let next: Promise<T> | undefined;
  return () =>
    (next ??= underWay
      .finally(() => (next = undefined))
      .then(() => {
        const reading = read();
        underWay = reading;
        reading.catch(() => (underWay = nothing));
        return reading;
      }));
}
