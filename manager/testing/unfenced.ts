import type { Guard } from '../drivers/driver.ts';
import { writeFileAtomic } from '../files.ts';

/** The guard of a manager that has no rival. */
export const unfenced: Guard = { check: () => undefined, write: writeFileAtomic };

/** A guard that lets nothing through while `fencedBy` answers with an error. */
export function fencedWhen(fencedBy: () => Error | undefined): Guard {
  const check = () => {
    const error = fencedBy();
    if (error) throw error;
  };
  return {
    check,
    write: (...args) => {
      check();
      writeFileAtomic(...args);
    },
  };
}
