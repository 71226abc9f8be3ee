import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A file name for a cluster's, manager's or node's name: those may hold spaces, colons and slashes. */
export const fileName = (name: string): string => name.replace(/[ :/%]/g, encodeURIComponent);

/**
 * Replaces a file as a whole: a reader sees the old or the new text, and a crash of this program leaves one of them.
 * @param options.durable a power cut too. Takes milliseconds, in which nothing else is done.
 * @param options.drafts the folder in which the new text is written before it is moved into its place; it must exist.
 */
export function writeFileAtomic(
  path: string,
  text: string,
  {
    mode = 0o644,
    durable = true,
    drafts = dirname(path),
  }: { mode?: number; durable?: boolean; drafts?: string } = {},
): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = join(drafts, `${basename(path)}.${process.pid}.tmp`);
  const file = openSync(draft, 'w', mode);
  try {
    // Writes all of it or throws, also on a full disk.
    writeFileSync(file, text);
    if (durable) fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  if (durable) syncFolder(dirname(path));
}

/** That a file has its name is known to the folder only. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The text of a file; null when there is none. */
export function readFileOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The JSON in a file; null when there is no file or no JSON in it. */
export function readJsonOrNull(path: string): unknown {
  const text = readFileOrNull(path);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
