import { Turns } from '../platform/turns.ts';

/** OWASP's least for argon2id, which is the library's default: 19 MiB, two passes, one lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Of no password: whoever names nobody waits as long as who names somebody. */
const NOBODYS =
  '$argon2id$v=19$m=19456,t=2,p=1$MDAwMDAwMDAwMDAwMDAwMA$kjvWWdSoFDEIDPmjYKXhPaaa+nJkbTTsq2zZoZc8dlM';

/** Hashes and checks passwords. The library is loaded when it is first needed, not at the start. */
export class Passwords {
  /** Each takes 19 MiB and one of Node's four threads, which files and names need too. */
  readonly #turns: Turns;

  /** @param most how many are hashed at once, and how many more wait; whoever comes then is asked to come again. */
  constructor(most = { atOnce: 2, waiting: 100 }) {
    this.#turns = new Turns({ ...most, full: 'Too many log in at once. Try again in a moment.' });
  }

  /** The hash to keep, in PHC's format. @throws AppError UNAVAILABLE when too many wait. */
  async hash(password: string): Promise<string> {
    return this.#turns.take(async () => {
      const { hash } = await import('@node-rs/argon2');
      return hash(password, COST);
    });
  }

  /** Whether it is the password; as slow for a hash that is null. @throws AppError UNAVAILABLE when too many wait. */
  async verify(kept: string | null, password: string): Promise<boolean> {
    return this.#turns.take(async () => {
      const { verify } = await import('@node-rs/argon2');
      const right = await verify(kept ?? NOBODYS, password);
      return right && kept !== null;
    });
  }
}
