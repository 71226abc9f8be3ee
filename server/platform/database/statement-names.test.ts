import { expect, it } from 'vitest';
import { statementNames } from './statement-names.ts';

it('names a statement from the second time on, always the same', () => {
  const nameOf = statementNames();
  expect(nameOf({ sql: 'SELECT 1' })).toBeUndefined();
  expect(nameOf({ sql: 'SELECT 2' })).toBeUndefined();
  const first = nameOf({ sql: 'SELECT 1' });
  const second = nameOf({ sql: 'SELECT 2' });
  expect([typeof first, typeof second, first === second]).toEqual(['string', 'string', false]);
  expect(nameOf({ sql: 'SELECT 1' })).toBe(first);
});

it('names nothing that is not planned', () => {
  const nameOf = statementNames();
  expect(['BEGIN', 'COMMIT', 'BEGIN', 'COMMIT', 'BEGIN', 'COMMIT'].map((sql) => nameOf({ sql }))).toEqual(
    Array.from({ length: 6 }, () => undefined),
  );
});

it('names no more than so many, however many there are', () => {
  const nameOf = statementNames(3);
  const texts = Array.from({ length: 20 }, (_, n) => `SELECT ${n}`);
  const named = texts.map((sql) => (nameOf({ sql }), nameOf({ sql })));
  expect(named.map((name) => name !== undefined)).toEqual(texts.map((_, n) => n < 3));
  expect(nameOf({ sql: texts[0]! })).toBe(named[0]);
});
