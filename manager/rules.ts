import { z } from 'zod';

/** The OC's rules for what it is told, so that a config is refused here and not later, by it. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

export const text = (max: number) =>
  z
    .string('must be a text')
    .max(max, `must have at most ${max} characters`)
    .refine((value) => !CONTROL.test(value), 'must not contain control characters');

const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._:/@+-]*[\p{L}\p{N}])?$/u;
const NAME_RULE =
  'must consist of letters, digits and " . _ : / @ + -", beginning and ending with a letter or digit';

export const isName = (value: string): boolean => value.length <= 100 && NAME.test(value);
export const name = text(100).regex(NAME, NAME_RULE);

export const httpUrl = text(500).refine(isHttpUrl, 'must be an http or https URL');
export function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

/** What YAML takes for a number or a truth value is meant as text in labels and environments. */
export const scalar = z
  .union([z.string(), z.number(), z.boolean()], 'must be a text, a number, true or false')
  .transform(String);

export const labels = z.record(name, scalar.pipe(text(200))).refine((all) => Object.keys(all).length <= 50, {
  error: 'must have at most 50 labels',
});
