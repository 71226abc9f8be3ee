import { z } from 'zod';

/**
 * Rules that inputs of several domains share. Names go onto screens, into logs and into file names: they are
 * short, visible and without control characters.
 */
const text = (max: number) =>
  z
    .string()
    .max(max, `must have at most ${max} characters`)
    .refine((value) => !CONTROL.test(value), 'must not contain control characters');

/** All but tab and line feed; also line and paragraph separators, and halves of surrogate pairs. */
const CONTROL = /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

export const name = z
  .string()
  .min(1, 'must not be empty')
  .max(100, 'must have at most 100 characters')
  .regex(
    /^[\p{L}\p{N}](?:[\p{L}\p{N} ._:/@+-]*[\p{L}\p{N}])?$/u,
    'must consist of letters, digits and " . _ : / @ + -", beginning and ending with a letter or digit',
  );

export const shortText = text(200);
export const line = text(1000);
export const reason = text(1000).trim().min(1, 'must not be empty');

export const httpUrl = z
  .string()
  .max(500, 'must have at most 500 characters')
  .refine(
    (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    'must be an http or https URL',
  );

export const label = z.object({ key: name, value: shortText });
export const labels = z
  .array(label)
  .max(50, 'must have at most 50 labels')
  .refine((all) => new Set(all.map(({ key }) => key)).size === all.length, 'must not name a key twice');

export const id = text(64).min(1, 'must not be empty');
export const ids = z.array(id).max(10_000, 'must have at most 10,000 ids');
export const outputLines = z.array(text(1000)).max(50, 'must have at most 50 lines');
export const values = z.array(shortText).max(100, 'must have at most 100 values');
export const limit = (max: number) => z.int().min(1).max(max).nullish();
export const search = text(200);

/** What checks a value: https://standardschema.dev. */
interface Check {
  readonly '~standard': {
    version: 1;
    vendor: string;
    validate(value: unknown): { value: unknown } | { issues: readonly z.core.$ZodIssue[] };
  };
}

/** Has a value checked that stays what it is, with all that the schema does not name: no copy of it is kept. */
export const asItIs = (schema: z.ZodType): Check => ({
  '~standard': {
    version: 1,
    vendor: 'zod',
    validate: (value) => {
      const { error } = schema.safeParse(value);
      return error ? { issues: error.issues } : { value };
    },
  },
});

/** A node’s labels as the database holds them. */
export const labelRecord = (list: readonly { key: string; value: string }[]): Record<string, string> =>
  Object.fromEntries(list.map(({ key, value }) => [key, value]));

/** Labels as the API shows them, by key: sorted here, because databases differ in how they sort text. */
export const sortedLabels = (list: readonly z.infer<typeof label>[]): z.infer<typeof label>[] =>
  [...list].sort((a, b) => (a.key < b.key ? -1 : 1));

export const labelList = (record: unknown): z.infer<typeof label>[] =>
  sortedLabels(Object.entries(record as Record<string, string>).map(([key, value]) => ({ key, value })));
