import { expect, it } from 'vitest';
import { planWords, waveWords } from './plan-words.ts';

it('says how large a plan is', () => {
  expect(planWords({ nodeCount: 1_200, waves: [{ clusterCount: 1 }, { clusterCount: 40 }] })).toBe(
    '1,200 nodes in 41 clusters, 2 waves',
  );
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
