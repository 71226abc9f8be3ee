import { expect, it } from 'vitest';
import { pathWithin } from './next.ts';

const ORIGIN = 'https://oc.example.org';

it('keeps a path of these pages whole', () => {
  expect(pathWithin('/clusters/c1?tab=history#x', ORIGIN)).toBe('/clusters/c1?tab=history#x');
});

it.each([
  null,
  '',
  'clusters',
  '//evil.example',
  '/\\evil.example',
  'https://evil.example/',
  'javascript:alert(1)',
])('leads from %s to the system’s page', (text) => {
  expect(pathWithin(text, ORIGIN)).toBe('/');
});
