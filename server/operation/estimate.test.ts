import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InventoryNode } from './batches.ts';
import { estimate, type Timing } from './estimate.ts';
import { ONE_WAVE, type RollingStrategy } from './strategy.ts';

const nodes = (count: number) => new Array<InventoryNode>(count).fill({} as InventoryNode);
/** A plan of waves of clusters, each given as the sizes of its batches. */
function planOf(waves: number[][][], { atOnce = 1, pauseSeconds = 0, soakSeconds = 0 } = {}) {
  const clusters = waves.flatMap((wave, index) =>
    wave.map((batches, place) => ({
      clusterId: `c${index}.${place}`,
      name: '',
      wave: index,
      limits: null,
      batches: batches.map(nodes),
      excluded: [],
      warnings: [],
    })),
  );
  return {
    clusters,
    waves: waves.map((wave, index) => ({
      ...{ index, name: '', manualGate: false, soakSeconds, failureBudget: 0, offlineBudget: 0 },
      clusterIds: wave.map((_, place) => `c${index}.${place}`),
    })),
    rollout: { ...ONE_WAVE, clustersAtOnce: atOnce },
    rolling: { pauseSeconds } as RollingStrategy,
  };
}
const all: Timing = { median: 10, p90: 30, steps: 7 };
const known = { of: new Map<string, Timing>(), all };

describe('how long it should take', () => {
  it('is not known where nothing like it was done', () => {
    expect(estimate(planOf([[[1]]]), { of: new Map(), all: null })).toBeNull();
  });

  it('is that of its batches one after the other, with the pauses between them', () => {
    expect(estimate(planOf([[[1, 1, 1]]], { pauseSeconds: 5 }), known)).toEqual({
      seconds: 40,
      p90Seconds: 100,
      steps: 7,
    });
    expect(estimate(planOf([[[4]]]), known), 'the slowest of several').toMatchObject({ seconds: 30 });
  });

  it('is that of its waves, each with its clusters side by side and then its soak', () => {
    const plan = planOf([[[1]], [[1], [1], [1, 1], [1]]], { atOnce: 2, soakSeconds: 100 });
    // First two, then each as soon as one is done: 10 + 20 beside 10 + 10.
    expect(estimate(plan, known)).toMatchObject({ seconds: 10 + 100 + 30 + 100 });
  });

  it('takes a cluster as it was, and one that is new as the others were', () => {
    const of = new Map([['c0.0', { median: 1, p90: 2, steps: 3 }]]);
    expect(estimate(planOf([[[1], [1]]]), { of, all })).toMatchObject({ seconds: 11, p90Seconds: 32 });
  });

  it('is never less with more to do, nor more with more at once', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(fc.array(sizes, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 4 }),
        (waves, atOnce) => {
          const seconds = (plan: number[][][], n = atOnce) =>
            estimate(planOf(plan, { atOnce: n }), known)!.seconds;
          expect(seconds([...waves, [[1]]])).toBeGreaterThan(seconds(waves));
          expect(seconds(waves, 1000)).toBeLessThanOrEqual(seconds(waves));
          expect(seconds(waves)).toBeLessThanOrEqual(seconds(waves, 1));
        },
      ),
    );
  });
});
