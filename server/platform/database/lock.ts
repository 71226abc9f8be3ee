import { randomBytes } from 'node:crypto';
import { readFileSync, unlinkSync } from 'node:fs';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { processStart } from './process-start.ts';

/** Who holds a data folder; the content of its lock file, as JSON. */
export interface LockHolder {
  pid: number;
  host: string;
  /** ISO time at which the lock was taken. */
  since: string;
  /** See {@link processStart}. */
  processStart: string;
  /** Names this very taking of the lock; never used twice. */
  nonce: string;
}

export interface DataDirLock {
  /** Gives the folder back; safe to call again. Whatever writes to the folder must have stopped before. */
  release(): void;
}

/** Another process holds the data folder, or may still hold it. The message says who, since when, and what to do. */
export class DataDirLockedError extends Error {
  readonly lockFile: string;
  /** `undefined` when the lock file cannot be understood. */
  readonly holder: LockHolder | undefined;

  constructor(lockFile: string, holder: LockHolder | undefined, message: string) {
    super(message);
    this.name = 'DataDirLockedError';
    this.lockFile = lockFile;
    this.holder = holder;
  }
}

/**
 * Takes `<dataDir>/lock` for this process until it is released or the process ends. A lock whose process is gone is
 * taken over; of several processes that try at once, exactly one gets it.
 *
 * @param dataDir an existing folder, on a file system with hard links
 * @throws DataDirLockedError at once, without waiting, when a living process holds it
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const lockFile = join(resolve(dataDir), 'lock');
  const me = await describeThisProcess();
  // Written apart and then linked into place, so that nobody ever reads a lock file that is half written.
  const ticket = `${lockFile}.ticket-${me.nonce}`;
  try {
    await writeDurably(ticket, JSON.stringify(me));
    await take(lockFile, ticket, me);
  } finally {
    await unlink(ticket).catch(ignoreMissing);
  }

  const release = (): void => {
    process.removeListener('exit', release);
    releaseIfMine(lockFile, me);
  };
  process.once('exit', release);
  return { release };
}

/**
 * Puts `ticket` at `path` if nobody alive is there.
 *
 * The right to replace a dead holder is itself a lock, named after that holder's nonce. Who has the right checks that
 * the dead holder is still in place and renames the right over it: in one step the lock changes hands and the right
 * disappears. A contender that read the dead holder earlier can get that right again afterwards, but then finds
 * another nonce in place and drops it.
 */
async function take(path: string, ticket: string, me: LockHolder): Promise<void> {
  for (;;) {
    if (await linkUnlessTaken(ticket, path)) return;
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    await refuseIfAlive(path, holder, me);
    const right = `${path}.after-${holder.nonce}`;
    await take(right, ticket, me);
    if ((await readHolder(path))?.nonce === holder.nonce) return rename(right, path);
    await unlink(right);
  }
}

async function refuseIfAlive(path: string, holder: LockHolder, me: LockHolder): Promise<void> {
  const held = `The data folder is in use: ${path} is held by process ${holder.pid} on ${holder.host} since ${holder.since}.`;
  if (holder.host !== me.host) {
    const advice = `Whether that process still runs cannot be seen from ${me.host}. If it is gone for certain, delete the file.`;
    throw new DataDirLockedError(path, holder, `${held} ${advice}`);
  }
  if ((await processStart(holder.pid)) === holder.processStart) {
    const advice = 'One folder serves one server at a time: stop that process or choose another folder.';
    throw new DataDirLockedError(path, holder, `${held} ${advice}`);
  }
}

async function describeThisProcess(): Promise<LockHolder> {
  const start = await processStart(process.pid);
  if (start === undefined) throw new Error('Cannot find out when this process was started');
  return {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    processStart: start,
    nonce: randomBytes(8).toString('hex'),
  };
}

/** Synced, because after a power cut an empty lock file would have to be removed by hand. */
async function writeDurably(file: string, content: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function linkUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  const text = await readFile(path, 'utf8').catch(ignoreMissing);
  return text === undefined ? undefined : parseHolder(path, text);
}

function parseHolder(path: string, text: string): LockHolder {
  try {
    const holder = JSON.parse(text) as LockHolder;
    if (Number.isInteger(holder.pid) && /^[0-9a-f]+$/.test(holder.nonce)) return holder;
  } catch {
    // Told below: an unreadable lock and one with the wrong content need the same from its owner.
  }
  const advice = 'If no server uses this folder, delete the file.';
  throw new DataDirLockedError(path, undefined, `The lock file ${path} cannot be understood. ${advice}`);
}

/** Leaves the file alone if it was removed by hand and belongs to somebody else by now. */
function releaseIfMine(lockFile: string, me: LockHolder): void {
  try {
    const holder = JSON.parse(readFileSync(lockFile, 'utf8')) as LockHolder;
    if (holder.nonce === me.nonce) unlinkSync(lockFile);
  } catch {
    // Nothing of ours is left to release, and at exit there is nobody to tell.
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
