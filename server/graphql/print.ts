import { readFileSync, writeFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from './schema.ts';

/**
 * `npm run schema` writes schema.graphql from the code; with `--check` it fails when the two differ.
 */
const file = new URL('../../schema.graphql', import.meta.url);
const text = `${printSchema(lexicographicSortSchema(schema))}\n`;
if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (readFileSync(file, 'utf8') !== text) {
  console.error('schema.graphql is not what the code says: run `npm run schema` and commit it.');
  process.exitCode = 1;
}
