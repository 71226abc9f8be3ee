// For each line `<path>` on standard input: takes that lock of a manager, keeps it, and prints "locked" or why not.
import { createInterface } from 'node:readline';
import { lockManager } from '../lock.ts';

console.log('ready');
for await (const path of createInterface({ input: process.stdin })) {
  try {
    lockManager(path);
    console.log('locked');
  } catch (error) {
    console.log((error as Error).message);
  }
}
