import { expect, it } from 'vitest';
import { estimateWords, planWords, shouldTake, waveWords } from './plan-words.ts';

it('says how large a plan is', () => {
  expect(planWords({ nodeCount: 1_200, waves: [{ clusterCount: 1 }, { clusterCount: 40 }] })).toBe(
    '1,200 nodes in 41 clusters, 2 waves',
  );
});

it('says how long it should take', () => {
  expect(shouldTake({ seconds: 754, p90Seconds: 4000, steps: 340 })).toBe(
    'It should take about 12 min, 1 h 6 min when it is slow, as 340 nodes before.',
  );
  expect(estimateWords({ seconds: 0, p90Seconds: 1, steps: 1 })).toBe('about 1 s');
  expect(shouldTake(null)).toContain('not known');
});

it('says of a wave what it waits for and what may go wrong', () => {
  const wave = { clusterCount: 1, manualGate: true, soakSeconds: 600, failureBudget: 0, offlineBudget: 1 };
  expect(waveWords(wave)).toEqual([
    '1 cluster',
    'begins when someone promotes it',
    '0 may fail',
    'not waited for while offline: 1',
    'soaks for 10 min',
  ]);
  expect(waveWords({ ...wave, manualGate: false, soakSeconds: 0 })).toHaveLength(3);
});
