/** So many, or so many percent, as the API takes it. */
export type AmountInput = { count: number } | { percent: number };

/** What was typed as an amount, `2` or `25%`; undefined when it is none. */
export function amountOf(typed: string): AmountInput | undefined {
  const [, digits, percent] = /^\s*(\d{1,6})\s*(%?)\s*$/.exec(typed) ?? [];
  if (digits === undefined) return undefined;
  return percent ? { percent: Number(digits) } : { count: Number(digits) };
}

/** An amount in words: `2`, `25%`. */
export const amountWords = ({ count, percent }: { count: number | null; percent: number | null }): string =>
  percent === null ? String(count) : `${percent}%`;

const UNITS: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** What was typed as a time, `90`, `90 s`, `5 min`, `2h`, in seconds; undefined when it is none. */
export function secondsOf(typed: string): number | undefined {
  const [, digits, unit] = /^\s*(\d{1,7})\s*([a-z]*)\s*$/i.exec(typed) ?? [];
  const size = unit === '' ? 1 : UNITS[unit?.toLowerCase() ?? ''];
  return digits === undefined || size === undefined ? undefined : Number(digits) * size;
}
