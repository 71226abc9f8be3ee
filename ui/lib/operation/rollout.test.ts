import { expect, it } from 'vitest';
import { rollingInput, ROLLING_DEFAULTS, wrongRolling } from './rolling.ts';
import {
  labelsOf,
  PRESETS,
  ROLLOUT_DEFAULTS,
  rolloutInput,
  withWave,
  wrongRollout,
  wrongWave,
  type WaveForm,
} from './rollout.ts';

const wave = (some: Partial<WaveForm>): WaveForm => ({
  name: 'w',
  by: 'amount',
  value: '1',
  manualGate: false,
  soak: '',
  ...some,
});

it('says nothing against what it begins with, nor against its presets', () => {
  expect(wrongRolling(ROLLING_DEFAULTS)).toBeUndefined();
  for (const { waves } of PRESETS)
    expect(wrongRollout({ ...ROLLOUT_DEFAULTS, waves: [...waves] })).toBeUndefined();
});

it('says what is wrong, with the wave or the field', () => {
  expect(wrongWave(wave({ name: ' ' }))).toBe('needs a name');
  expect(wrongWave(wave({ value: 'some' }))).toMatch(/2 or 10%/);
  expect(wrongWave(wave({ by: 'labels', value: 'env' }))).toMatch(/env=prod/);
  expect(wrongWave(wave({ by: 'names', value: ' , ' }))).toMatch(/names/);
  expect(wrongWave(wave({ soak: 'long' }))).toMatch(/5 min/);
  expect(wrongRollout({ ...ROLLOUT_DEFAULTS, waves: [wave({}), wave({ name: '' })] })).toBe(
    'Wave 2 needs a name.',
  );
  expect(wrongRollout({ ...ROLLOUT_DEFAULTS, clustersAtOnce: '5%' })).toMatch(/^Clusters at once must be/);
  expect(wrongRolling({ ...ROLLING_DEFAULTS, batchSize: '0' })).toMatch(/^Batch size must be/);
  expect(wrongRolling({ ...ROLLING_DEFAULTS, batchSize: '101%' })).toMatch(/^Batch size must be/);
});

it('makes of what was typed what the API takes', () => {
  const waves = [
    wave({ by: 'labels', value: 'env=test' }),
    wave({ by: 'names', value: 'a, b,a', soak: '5 min' }),
    wave({ by: 'amount', value: '10%' }),
    wave({ by: 'rest', value: '', manualGate: true }),
  ];
  expect(rolloutInput({ ...ROLLOUT_DEFAULTS, soakSeconds: '1h', waves })).toEqual({
    waves: [
      { name: 'w', manualGate: false, labels: [{ key: 'env', value: 'test' }] },
      { name: 'w', manualGate: false, clusterNames: ['a', 'b'], soakSeconds: 300 },
      { name: 'w', manualGate: false, amount: { percent: 10 } },
      { name: 'w', manualGate: true, amount: { percent: 100 } },
    ],
    clustersAtOnce: 10,
    soakSeconds: 3600,
    failureBudget: { count: 0 },
    offlineBudget: { percent: 100 },
    onExceeded: 'PAUSE',
    approvals: 0,
  });
  expect(rollingInput({ ...ROLLING_DEFAULTS, batchSize: '25%', lastRoles: 'primary' })).toMatchObject({
    batchSize: { percent: 25 },
    healthTimeoutSeconds: 60,
    lastRoles: ['primary'],
  });
});

it('adds a wave before the rest, under a name of its own', () => {
  const [, canary] = PRESETS;
  const waves = withWave(withWave(canary!.waves));
  expect(waves.map(({ name }) => name)).toEqual(['canary', 'wave 3', 'wave 4', 'rest']);
});

it('reads labels', () => {
  expect(labelsOf('env=prod, path=a=b')).toEqual([
    { key: 'env', value: 'prod' },
    { key: 'path', value: 'a=b' },
  ]);
  expect(labelsOf('=x')).toBeUndefined();
  expect(labelsOf('')).toBeUndefined();
});
