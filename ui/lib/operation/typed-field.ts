import { amountOf, secondsOf } from './amount.ts';

/** A field of a strategy that is typed, with its bounds as the server holds them. */
export interface TypedField<Name extends string = string> {
  name: Name;
  label: string;
  hint: string;
  as: 'count' | 'amount' | 'seconds';
  min: number;
  max: number;
}

/** What is wrong with what was typed, beginning in lower case, or undefined. */
export function wrongIn({ as, min, max }: TypedField, typed: string): string | undefined {
  if (as === 'seconds') {
    const seconds = secondsOf(typed);
    return seconds !== undefined && seconds >= min && seconds <= max
      ? undefined
      : `must be a time from ${min} s to ${max.toLocaleString('en')} s, like 90 or 5 min`;
  }
  const amount = amountOf(typed);
  if (amount && 'count' in amount && amount.count >= min && amount.count <= max) return undefined;
  if (as === 'count') return `must be a whole number from ${min} to ${max.toLocaleString('en')}`;
  if (amount && 'percent' in amount && amount.percent <= 100) return undefined;
  return `must be a whole number from ${min} to ${max.toLocaleString('en')}, or a percentage`;
}

/** The first field that holds nothing allowed, in a sentence. */
export function firstWrong<Name extends string>(
  fields: readonly TypedField<Name>[],
  typed: Readonly<Record<Name, string>>,
): string | undefined {
  for (const field of fields) {
    const wrong = wrongIn(field, typed[field.name]);
    if (wrong) return `${field.label} ${wrong}.`;
  }
  return undefined;
}
