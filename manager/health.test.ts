import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, type HealthView } from './health.ts';

const view = (change: Partial<HealthView>): HealthView => ({
  node: { status: 'RUNNING', statusReason: null, returning: false },
  healthySince: 1000,
  deadline: 60_000,
  healthTimeoutSeconds: 60,
  minHealthySeconds: 0,
  abortAtOnce: false,
  now: 1000,
  ...change,
});
const starting = { status: 'STARTING', statusReason: 'Not healthy yet: 503.', returning: false } as const;

describe('a node that was started', () => {
  it('counts when it is healthy, or when it has been for as long as is wanted', () => {
    expect(judge(view({}))).toEqual({ is: 'healthy' });
    const long = view({ minHealthySeconds: 10 });
    expect(judge(long)).toEqual({ is: 'wait', until: 11_000 });
    expect(judge({ ...long, now: 10_999 })).toEqual({ is: 'wait', until: 11_000 });
    expect(judge({ ...long, now: 11_000 })).toEqual({ is: 'healthy' });
  });

  it('has until the deadline to be healthy; what is healthy by then gets the rest of its time', () => {
    const late = view({ node: starting, healthySince: null, now: 59_999, minHealthySeconds: 10 });
    expect(judge(late)).toEqual({ is: 'wait', until: 60_000 });
    expect(judge({ ...late, now: 60_000 })).toEqual({
      is: 'failed',
      reason: 'It was not healthy within 60 s, or did not stay so: STARTING. Not healthy yet: 503.',
    });
    expect(judge(view({ healthySince: 59_999, now: 60_000, minHealthySeconds: 10 }))).toEqual({
      is: 'wait',
      until: 69_999,
    });
    expect(judge(view({ node: starting, healthySince: null, now: 60_000 }))).toMatchObject({
      reason: 'It was not healthy within 60 s: STARTING. Not healthy yet: 503.',
    });
  });

  it('has failed when it is gone and nobody brings it back', () => {
    const down = { status: 'DOWN', statusReason: 'It exited.', returning: true } as const;
    expect(judge(view({ node: down, healthySince: null }))).toEqual({ is: 'wait', until: 60_000 });
    expect(judge(view({ node: { ...down, returning: false }, healthySince: null }))).toEqual({
      is: 'failed',
      reason: 'It did not come back: DOWN. It exited.',
    });
    expect(judge(view({ node: undefined, healthySince: null }))).toMatchObject({ is: 'failed' });
  });

  it('is not waited for when the command is aborted at once, and counts if it is healthy already', () => {
    expect(judge(view({ abortAtOnce: true }))).toEqual({ is: 'healthy' });
    const reason = /^Aborted at once: it was started, and its health was not waited for: /;
    const aborted = [
      view({ abortAtOnce: true, node: starting, healthySince: null }),
      view({ abortAtOnce: true, minHealthySeconds: 10 }),
    ];
    for (const one of aborted)
      expect(judge(one)).toMatchObject({ is: 'failed', reason: expect.stringMatching(reason) });
  });

  it('whatever it does, counts only after so long without interruption, and is judged in the end', () => {
    const events = fc.array(
      fc.record({ after: fc.integer({ min: 1, max: 20_000 }), healthy: fc.boolean() }),
      { maxLength: 30 },
    );
    const seconds = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(events, seconds, seconds, fc.boolean(), (happening, minHealthySeconds, timeout, last) => {
        let now = 0;
        const changes = [...happening, { after: 1, healthy: last }].map(({ after, healthy }) => ({
          at: (now += after),
          healthy,
        }));
        now = 0;
        let healthySince: number | null = null;
        for (;;) {
          const verdict = judge(
            view({
              node: healthySince === null ? starting : view({}).node,
              healthySince,
              minHealthySeconds,
              healthTimeoutSeconds: timeout,
              deadline: timeout * 1000,
              now,
            }),
          );
          if (verdict.is === 'healthy') {
            expect(now - healthySince!).toBeGreaterThanOrEqual(minHealthySeconds * 1000);
            return;
          }
          if (verdict.is === 'failed') {
            expect(healthySince, 'what is healthy is given its time').toBeNull();
            expect(now).toBeGreaterThanOrEqual(timeout * 1000);
            return;
          }
          expect(verdict.until, 'it is looked at again').toBeGreaterThan(now);
          const next = changes.find(({ at }) => at > now);
          if (next && next.at <= verdict.until) {
            now = next.at;
            healthySince = next.healthy ? (healthySince ?? now) : null;
          } else now = verdict.until;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
