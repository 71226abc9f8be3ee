import { expect, it } from 'vitest';
import { clusterProgress, progressOf } from './progress.ts';

it('tells how far an operation is', () => {
  const progress = progressOf([
    { status: 'SUCCEEDED', count: 8 },
    { status: 'FAILED', count: 1 },
    { status: 'SKIPPED', count: 2 },
    { status: 'CHECKING', count: 1 },
    { status: 'WAITING', count: 1 },
    { status: 'PENDING', count: 3 },
    { status: 'UNKNOWN', count: 2 },
  ]);
  expect(progress).toMatchObject({ total: 18 });
  expect(progress.words).toBe('8 of 18 nodes done, 1 under way, 1 waiting, 1 failed, 2 skipped, 2 unknown');
  expect(progress.parts.map(({ count }) => count)).toEqual([8, 1, 0, 2, 2, 1]);
});

it('has nothing to tell of an operation without steps', () => {
  expect(progressOf([])).toMatchObject({ total: 0, words: '0 of 0 nodes done' });
});

it('tells how far the clusters of a wave are', () => {
  const { words, parts } = clusterProgress([
    { status: 'SUCCEEDED', count: 1_200 },
    { status: 'EXPIRED', count: 1 },
    { status: 'ABORTED', count: 2 },
    { status: 'PLANNED', count: 7 },
  ]);
  expect(words).toBe('1,200 of 1,210 clusters done, 1 failed, 2 aborted');
  expect(parts.map(({ count }) => count)).toEqual([1_200, 1, 2, 0, 0, 0]);
});
