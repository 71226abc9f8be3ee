import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { readFileOrNull, readJsonOrNull, writeFileAtomic } from './files.ts';
import { isAlive, startOf } from './process-identity.ts';

const holderSchema = z.object({
  pid: z.int(),
  start: z.string(),
  /** Names this very taking of the lock; never used twice. */
  nonce: z.string().regex(/^[\w-]+$/),
});
type Holder = z.infer<typeof holderSchema>;

/**
 * Makes this process the only one that is this manager, until it gives the lock back or ends. A lock whose holder is
 * gone (kill -9, power cut) is taken over; of several processes that try at once exactly one gets it.
 *
 * @returns the function that gives the lock back.
 * @throws Error naming the process that holds it, or the file when it is no lock.
 */
export function lockManager(path: string): () => void {
  const mine: Holder = { pid: process.pid, start: startOf(process.pid)!, nonce: randomUUID() };
  // Written apart and then linked into place, so that nobody ever reads a lock that is half written.
  const ticket = `${path}.ticket-${mine.nonce}`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileAtomic(ticket, `${JSON.stringify(mine)}\n`);
    take(path, ticket);
  } finally {
    rmSync(ticket, { force: true });
  }
  return () => {
    // One that was removed by hand may be another manager's by now.
    const { data: holder } = holderSchema.safeParse(readJsonOrNull(path));
    if (holder?.nonce === mine.nonce) rmSync(path, { force: true });
  };
}

/**
 * Puts `ticket` at `path` if nobody alive is there.
 *
 * The right to replace a dead holder is itself a lock, named after that holder's nonce. Who has the right looks once
 * more whether the dead one is still in place and moves the right over it: in one step the lock changes hands and the
 * right is gone. One that saw the dead holder earlier can get that right again, but then finds another in its place.
 */
function take(path: string, ticket: string): void {
  for (;;) {
    if (linkUnlessTaken(ticket, path)) return;
    const holder = holderOf(path);
    if (holder === null) continue;
    if (isAlive(holder)) {
      throw new Error(
        `This manager runs already, as process ${holder.pid} (${path}). Give this one another manager.name.`,
      );
    }
    const right = `${path}.after-${holder.nonce}`;
    take(right, ticket);
    if (holderOf(path)?.nonce === holder.nonce) return renameSync(right, path);
    rmSync(right);
  }
}

function linkUnlessTaken(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Null when there is no lock. @throws Error when the file is no lock: somebody else's, whom nobody can ask. */
function holderOf(path: string): Holder | null {
  const text = readFileOrNull(path);
  if (text === null) return null;
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} is not the lock of a manager. If this manager does not run, delete the file.`);
  }
}
