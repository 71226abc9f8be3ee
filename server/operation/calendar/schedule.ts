import { invalid } from '../../platform/errors.ts';
import { opensAfter } from './calendar.ts';

/** Times that come again and again. */
export interface Schedule {
  /** Cron, five fields. */
  schedule: string;
  /** IANA. */
  timeZone: string;
}

/**
 * The first time of a schedule after a moment.
 * @param path of the input that it came in
 * @throws AppError INVALID for a schedule or a time zone that is none, and for one that never comes
 */
export function nextTimeOf(path: string, { schedule, timeZone }: Schedule, now: Date): Date {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw invalid(`${path}.timeZone`, 'is no time zone: an IANA name such as Europe/Berlin is needed');
  }
  let next: Date | null;
  try {
    next = opensAfter({ schedule, timeZone, durationSeconds: 0 }, now);
  } catch {
    throw invalid(
      `${path}.schedule`,
      'is no schedule: five fields as of cron are needed, such as 30 2 * * SUN',
    );
  }
  if (!next) throw invalid(`${path}.schedule`, 'never comes');
  return next;
}
