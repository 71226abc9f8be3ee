import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { readJsonOrNull, writeFileAtomic } from './files.ts';

const schema = z.object({
  credential: z.string(),
  next: z.string().optional(),
  previous: z.string().optional(),
});

type Secrets = z.infer<typeof schema>;

/**
 * A manager's secrets. Each is on disk, for its owner's eyes only, before it is used or told, so whatever becomes of the
 * OC's answer, or of this process, the manager can show who it is.
 */
export class Credential {
  private secrets: Secrets;

  /**
   * Those in the file or, where there are none, a new one.
   * @throws Error when the file can be neither read nor written.
   */
  constructor(private readonly path: string) {
    const { data } = schema.safeParse(readJsonOrNull(path));
    this.secrets = data ?? { credential: newSecret() };
    if (!data) this.save(this.secrets);
  }

  /** The one that is shown. */
  get current(): string {
    return this.secrets.credential;
  }

  /** One that is to take its place: the same until it did. */
  stage(): string {
    const { next = newSecret() } = this.secrets;
    if (next !== this.secrets.next) this.save({ ...this.secrets, next });
    return next;
  }

  /**
   * Those by which the OC may know this manager, the likeliest first: the next one where the answer to a renewal was
   * lost, the previous one where the OC's data were put back to before it.
   */
  *candidates(): Generator<{ secret: string; previous: boolean }, void, void> {
    yield { secret: this.secrets.credential, previous: false };
    const { next, previous } = this.secrets;
    if (next) yield { secret: next, previous: false };
    if (previous) yield { secret: previous, previous: true };
  }

  /** The OC knows this one: it is shown from now on. */
  adopt(secret: string): void {
    const { credential, next } = this.secrets;
    if (secret === credential) return;
    this.save({
      credential: secret,
      previous: credential,
      ...(next !== undefined && next !== secret && { next }),
    });
  }

  private save(secrets: Secrets): void {
    writeFileAtomic(this.path, `${JSON.stringify(secrets)}\n`, { mode: 0o600 });
    this.secrets = secrets;
  }
}

const newSecret = (): string => `ocm_${randomBytes(32).toString('base64url')}`;
