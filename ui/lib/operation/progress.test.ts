import { expect, it } from 'vitest';
import { progressOf } from './progress.ts';

it('tells how far an operation is', () => {
  const progress = progressOf([
    { status: 'SUCCEEDED', count: 8 },
    { status: 'FAILED', count: 1 },
    { status: 'SKIPPED', count: 2 },
    { status: 'CHECKING', count: 1 },
    { status: 'WAITING', count: 1 },
    { status: 'PENDING', count: 3 },
  ]);
  expect(progress).toMatchObject({ total: 16 });
  expect(progress.words).toBe('8 of 16 nodes done, 1 under way, 1 waiting, 1 failed, 2 skipped');
  expect(progress.parts.map(({ count }) => count)).toEqual([8, 1, 2, 1]);
});

it('has nothing to tell of an operation without steps', () => {
  expect(progressOf([])).toMatchObject({ total: 0, words: '0 of 0 nodes done' });
});
