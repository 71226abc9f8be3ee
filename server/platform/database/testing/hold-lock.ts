// For each line `<folder>` on standard input: takes that folder's lock, keeps it, and prints "locked" or why not.
// The line "exit" ends it the way a program ends that forgets to release.
import { createInterface } from 'node:readline';
import { DataDirLockedError, lockDataDir } from '../lock.ts';

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'exit') process.exit(0);
  try {
    await lockDataDir(line);
    console.log('locked');
  } catch (error) {
    if (!(error instanceof DataDirLockedError)) throw error;
    console.log(JSON.stringify({ name: error.name, message: error.message, pid: error.holder?.pid }));
  }
}
