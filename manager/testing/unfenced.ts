import type { Guard } from '../drivers/driver.ts';
import { Fenced } from '../fence.ts';
import { writeFileAtomic } from '../files.ts';

/** The guard of a manager that has no rival. */
export const unfenced: Guard = { check: () => undefined, write: writeFileAtomic };

/** The guard of a manager that gets a rival when the test says so. */
export function fenceable() {
  let fenced = false;
  const check = () => {
    if (fenced) throw new Fenced('another acts', 9);
  };
  return {
    check,
    write(...args: Parameters<Guard['write']>) {
      check();
      writeFileAtomic(...args);
    },
    rivalActs: () => void (fenced = true),
  };
}
