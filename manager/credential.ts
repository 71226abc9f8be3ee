import { z } from 'zod';
import { readJsonOrNull, writeFileAtomic } from './files.ts';

const schema = z.object({ credential: z.string() });

/** The credential that the OC gave this manager, on disk for its owner's eyes only. */
export class CredentialFile {
  constructor(private readonly path: string) {}

  /** Null when there is none. */
  read(): string | null {
    return schema.safeParse(readJsonOrNull(this.path)).data?.credential ?? null;
  }

  write(credential: string): void {
    writeFileAtomic(this.path, `${JSON.stringify({ credential })}\n`, { mode: 0o600 });
  }
}
