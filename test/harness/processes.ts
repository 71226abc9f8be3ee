import { readFileSync, readdirSync } from 'node:fs';

/** Ids of the processes of this machine that have this in their environment. */
export function processesWith(setting: string): string[] {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      return readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0').includes(setting);
    } catch {
      return false; // it has ended meanwhile
    }
  });
}
