import { expect, it } from 'vitest';
import { differences, keepOrder } from './order.ts';

const rows = (ids: string): { id: string }[] => [...ids].map((id) => ({ id }));
const ids = (list: { id: string }[]): string => list.map(({ id }) => id).join('');

it('counts what comes, goes and moves', () => {
  expect(differences(rows('abc'), rows('abc'))).toBe(0);
  expect(differences(rows('abc'), rows('acb'))).toBe(2);
  expect(differences(rows('abc'), rows('ab'))).toBe(1);
  expect(differences(rows('abc'), rows('abcd'))).toBe(1);
  expect(differences([], rows('ab'))).toBe(2);
});

it('keeps shown things in place and puts new ones last', () => {
  expect(ids(keepOrder(rows('bca'), rows('abcd')))).toBe('bcad');
  expect(ids(keepOrder(rows('bca'), rows('ab')))).toBe('ba');
});
