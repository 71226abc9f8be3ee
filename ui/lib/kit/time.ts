const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span in ms in two steps at most: `4 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. Negative spans count as none. */
export function duration(ms: number): string {
  const span = Math.max(0, ms);
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < DAY) return pair(Math.floor(span / HOUR), 'h', Math.floor((span % HOUR) / MINUTE), 'min');
  return pair(Math.floor(span / DAY), 'd', Math.floor((span % DAY) / HOUR), 'h');
}

function pair(major: number, majorUnit: string, minor: number, minorUnit: string): string {
  return minor === 0 ? `${major} ${majorUnit}` : `${major} ${majorUnit} ${minor} ${minorUnit}`;
}

/** A moment beside another, both epoch ms: `12 s ago`, `in 3 min`, `now`. */
export function relative(at: number, now: number): string {
  const gap = now - at;
  if (Math.abs(gap) < SECOND) return 'now';
  return gap > 0 ? `${duration(gap)} ago` : `in ${duration(-gap)}`;
}

/** A moment (epoch ms) in full with its zone: `2026-03-04 17:05:09 UTC`. */
export function absolute(at: number, utc: boolean): string {
  const date = new Date(at);
  if (utc) return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const zone = -date.getTimezoneOffset();
  const local = new Date(at + zone * MINUTE).toISOString().slice(0, 19).replace('T', ' ');
  const sign = zone < 0 ? '-' : '+';
  const hours = String(Math.floor(Math.abs(zone) / 60)).padStart(2, '0');
  return `${local} ${sign}${hours}:${String(Math.abs(zone) % 60).padStart(2, '0')}`;
}

/** The time of day (epoch ms): `17:05:09`, with ` UTC` where that was chosen. */
export function timeOfDay(at: number, utc: boolean): string {
  const full = absolute(at, utc);
  return utc ? `${full.slice(11, 19)} UTC` : full.slice(11, 19);
}

/** Bytes by 1024: `512 MiB`, `1.5 GiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** What a field of date and time says, `2026-03-04T17:05`, as ISO 8601; null: nothing. */
export function momentIn(text: string, utc: boolean): string | null {
  const at = text === '' ? NaN : Date.parse(utc ? `${text}Z` : text);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** A moment (ISO 8601) as a field of date and time says it; the other way of {@link momentIn}. */
export function textOf(at: string | null, utc: boolean): string {
  if (at === null) return '';
  const ms = Date.parse(at);
  return new Date(utc ? ms : ms - new Date(ms).getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

/** By which clock times are told and read. */
export const zoneWords = (utc: boolean): string =>
  utc ? 'In UTC.' : `By this browser's clock (${Intl.DateTimeFormat().resolvedOptions().timeZone}).`;
