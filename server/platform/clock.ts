/** The OC's own clock: the only one that decides. Tests hand in another. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
