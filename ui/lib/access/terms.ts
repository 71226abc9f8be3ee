const HOUR = 3_600;
const DAY = 24 * HOUR;

/** How long something may hold, seconds; null: for ever. */
export interface Term {
  name: string;
  seconds: number | null;
}

export const TOKEN_TERMS: readonly Term[] = [
  { name: 'an hour', seconds: HOUR },
  { name: 'a day', seconds: DAY },
  { name: '7 days', seconds: 7 * DAY },
  { name: '30 days', seconds: 30 * DAY },
];

export const KEY_TERMS: readonly Term[] = [
  { name: 'a day', seconds: DAY },
  { name: '30 days', seconds: 30 * DAY },
  { name: '90 days', seconds: 90 * DAY },
  { name: 'a year', seconds: 365 * DAY },
  { name: 'for ever, until it is revoked', seconds: null },
];
