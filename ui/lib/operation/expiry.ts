/** In how many seconds a command must have begun where nothing is said, as the server has it: a day. */
export const EXPIRES_IN_SECONDS = 86_400;

/** What the wizard offers; null: it waits on. */
export const EXPIRIES: readonly { seconds: number | null; name: string }[] = [
  { seconds: 3600, name: 'an hour' },
  { seconds: EXPIRES_IN_SECONDS, name: 'a day' },
  { seconds: 604_800, name: 'a week' },
  { seconds: null, name: 'never' },
];
