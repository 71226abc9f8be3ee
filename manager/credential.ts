import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { readJsonOrNull, writeFileAtomic } from './files.ts';

const schema = z.object({ credential: z.string() });

/**
 * This manager's credential: the one in the file or, where there is none, a new one, which is on disk for its owner's
 * eyes only before it is used. So whatever becomes of the OC's answer, the manager can show who it is.
 * @throws Error when the file can be neither read nor written.
 */
export function credentialIn(path: string): string {
  const { data } = schema.safeParse(readJsonOrNull(path));
  if (data) return data.credential;
  const credential = `ocm_${randomBytes(32).toString('base64url')}`;
  writeFileAtomic(path, `${JSON.stringify({ credential })}\n`, { mode: 0o600 });
  return credential;
}
