import { rmSync } from 'node:fs';
import { z } from 'zod';
import { readJsonOrNull, writeFileAtomic } from './files.ts';
import { isAlive, startOf } from './process-identity.ts';

const holderSchema = z.object({ pid: z.int(), start: z.string() });

/**
 * Makes this process the only one that is this manager. A lock whose holder is gone (kill -9, power cut) is taken over.
 *
 * @returns the function that gives the lock back.
 * @throws Error naming the process that holds it.
 */
export function lockManager(path: string): () => void {
  const { data: holder } = holderSchema.safeParse(readJsonOrNull(path));
  if (holder && holder.pid !== process.pid && isAlive(holder)) {
    throw new Error(
      `This manager runs already, as process ${holder.pid} (${path}). Give this one another manager.name.`,
    );
  }
  writeFileAtomic(path, `${JSON.stringify({ pid: process.pid, start: startOf(process.pid) })}\n`);
  return () => rmSync(path, { force: true });
}
