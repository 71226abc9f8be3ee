import type { OperationInput } from './rolling.ts';

/** What becomes of a cluster's part that has not begun: what the wizard offers, and as the API takes it. */
export const LATENESS = {
  hour: { name: 'ends after an hour', input: { expiresInSeconds: 3600 } },
  day: { name: 'ends after a day', input: { expiresInSeconds: 86_400 } },
  week: { name: 'ends after a week', input: { expiresInSeconds: 604_800 } },
  never: { name: 'waits on', input: { lateness: 'RUN_LATE' } },
  window: { name: 'next window', input: { lateness: 'WINDOW' } },
} as const satisfies Record<
  string,
  { name: string; input: Pick<OperationInput, 'lateness' | 'expiresInSeconds'> }
>;
export type Late = keyof typeof LATENESS;

/** What is taken where nothing is said, as the server has it. */
export const LATE: Late = 'day';
