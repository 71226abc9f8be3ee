import { describe, expect, it } from 'vitest';
import type { NodeReport } from './graphql.ts';
import { decide, type StepView } from './rolling.ts';
import { ROLLING, step, view } from './testing/run-view.ts';

const nodes = (statuses: Record<string, NodeReport['status']>) => new Map(Object.entries(statuses));

describe('a command', () => {
  it('begins with its first batch and carries on with what is under way', () => {
    expect(decide(view({}))).toEqual({ act: 'begin', nodeNames: ['a'] });
    expect(decide(view({ steps: [step('a', 0, 'CHECKING'), step('b', 1)] }))).toEqual({
      act: 'work',
      nodeNames: ['a'],
    });
  });

  it('that is not rolling does everything at once, whatever is unavailable', () => {
    const all = view({
      rolling: null,
      nodes: nodes({ a: 'DOWN', b: 'DOWN', c: 'RUNNING' }),
    });
    expect(decide(all)).toEqual({ act: 'begin', nodeNames: ['a', 'b', 'c'] });
  });

  it('waits while others are unavailable, says for what, and fails when that lasts', () => {
    const held = view({ nodes: nodes({ a: 'RUNNING', b: 'DOWN', c: 'RUNNING' }) });
    expect(decide(held)).toEqual({
      act: 'wait',
      nodeNames: ['a'],
      waitingFor:
        'The next batch (a) waits: max unavailable is 1, and b is DOWN. It begins once it runs, or the command fails after 60 s.',
      until: 61_000,
      held: true,
    });
    expect(decide({ ...held, now: 60_999, heldSince: 1000 })).toMatchObject({ act: 'wait', until: 61_000 });
    expect(decide({ ...held, now: 61_000, heldSince: 1000 })).toMatchObject({
      act: 'finish',
      status: 'FAILED',
      reason: 'The next batch (a) could not begin within 60 s: max unavailable is 1, and b is DOWN.',
    });
  });

  it('does not count the batch’s own nodes, nor those stopped on purpose before', () => {
    expect(decide(view({ nodes: nodes({ a: 'DOWN', b: 'RUNNING', c: 'RUNNING' }) })).act).toBe('begin');
    const stopped = view({
      nodes: nodes({ a: 'RUNNING', b: 'RUNNING', c: 'STOPPED' }),
      stoppedBefore: new Set(['c']),
    });
    expect(decide(stopped).act).toBe('begin');
    expect(decide({ ...stopped, stoppedBefore: new Set() }).act).toBe('wait');
    const restarted = {
      ...stopped,
      steps: [step('c', 0, 'FAILED'), step('a', 1)],
      rolling: { ...ROLLING, stopAfterFailures: 9 },
    };
    expect(decide(restarted).act, 'stopped before, but the command itself has begun with it').toBe('wait');
  });

  it('pauses between batches', () => {
    const paused = view({
      rolling: { ...ROLLING, pauseSeconds: 5 },
      steps: [step('a', 0, 'SUCCEEDED'), step('b', 1)],
      batchEndedAt: 1000,
    });
    expect(decide(paused)).toMatchObject({ act: 'wait', until: 6000, held: false, nodeNames: ['b'] });
    expect(decide({ ...paused, now: 6000 }).act).toBe('begin');
  });

  it('skips nodes that have left', () => {
    expect(decide(view({ nodes: nodes({ b: 'RUNNING' }) }))).toEqual({
      act: 'skip',
      nodeNames: ['a', 'c'],
      reason: 'The node has left the cluster.',
    });
  });

  it('ends after too many failures, on an abort, and when a batch can never begin', () => {
    const failed = view({ steps: [step('a', 0, 'FAILED'), step('b', 1)] });
    expect(decide(failed)).toMatchObject({ act: 'finish', status: 'FAILED' });
    expect(decide({ ...failed, rolling: { ...ROLLING, stopAfterFailures: 2 } }).act).toBe('begin');
    const aborted = view({ abortRequested: true, steps: [step('a', 0, 'SUCCEEDED'), step('b', 1)] });
    expect(decide(aborted)).toMatchObject({
      act: 'finish',
      status: 'ABORTED',
      reason: 'Aborted: 1 node of 2 not begun.',
    });
    expect(
      decide({ ...aborted, steps: [step('a', 0, 'CHECKING'), step('b', 1)] }).act,
      'the batch under way',
    ).toBe('work');
    expect(decide({ ...aborted, steps: [step('a', 0, 'SUCCEEDED')] })).toMatchObject({ status: 'SUCCEEDED' });
    const wide = view({ steps: [step('a', 0), step('b', 0)] });
    expect(decide(wide)).toMatchObject({
      status: 'FAILED',
      reason: 'A batch of 2 nodes can never begin: max unavailable is 1.',
    });
  });

  it('that was taken over waits for the OC’s word, but not for ever', () => {
    expect(decide(view({ confirmBy: 6000 }))).toMatchObject({ act: 'wait', until: 6000 });
    expect(decide(view({ confirmBy: 6000, now: 6000 })).act).toBe('begin');
  });

  it('tells how many failed and were skipped', () => {
    const mixed = view({
      steps: [step('a', 0, 'FAILED'), step('b', 1, 'SUCCEEDED'), step('c', 2, 'SKIPPED')],
      rolling: { ...ROLLING, stopAfterFailures: 3 },
    });
    expect(decide(mixed)).toMatchObject({ status: 'FAILED', reason: '1 of 3 nodes failed: a.' });
    expect(decide({ ...mixed, steps: mixed.steps.slice(1) })).toMatchObject({
      status: 'SUCCEEDED',
      reason: '1 of 2 nodes skipped.',
    });
  });

  it('that is paused begins nothing more, however long, and carries on with what is under way', () => {
    const paused = view({ pauseRequested: true });
    expect(decide(paused)).toEqual({
      act: 'wait',
      nodeNames: ['a'],
      waitingFor: 'It is paused. It goes on once someone resumes it.',
      until: null,
      held: false,
    });
    expect(decide({ ...paused, rolling: null })).toMatchObject({ act: 'wait', nodeNames: ['a', 'b', 'c'] });
    expect(decide({ ...paused, steps: [step('a', 0, 'CHECKING'), step('b', 1)] }).act).toBe('work');
    expect(decide({ ...paused, abortRequested: true })).toMatchObject({ act: 'finish', status: 'ABORTED' });
    expect(decide({ ...paused, steps: [step('a', 0, 'SUCCEEDED')] })).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('holds the batch of a node that is paused, and no other', () => {
    const paused = (nodeName: string, batch: number) => ({ ...step(nodeName, batch), pauseRequested: true });
    const wide = { ...ROLLING, maxUnavailable: 2 };
    const first = view({ rolling: wide, steps: [step('a', 0), paused('b', 0), step('c', 1)] });
    expect(decide(first)).toMatchObject({
      act: 'wait',
      nodeNames: ['a', 'b'],
      waitingFor: 'The next batch (a, b) waits: b is paused. It begins once someone resumes or skips it.',
      until: null,
    });
    expect(decide({ ...first, rolling: null })).toMatchObject({
      waitingFor: 'It waits: b is paused. It begins once someone resumes or skips it.',
    });
    expect(decide(view({ rolling: wide, steps: [step('a', 0), step('b', 0), paused('c', 1)] })).act).toBe(
      'begin',
    );
  });

  it('leaves out what is to be skipped and has not begun', () => {
    const skip = (one: StepView) => ({ ...one, skipRequested: true });
    const steps = [step('a', 0, 'SUCCEEDED'), skip(step('b', 1)), step('c', 2)];
    expect(decide(view({ steps }))).toEqual({
      act: 'skip',
      nodeNames: ['b'],
      reason: 'Skipped by an operator.',
    });
    expect(decide(view({ steps: [skip(step('a', 0, 'CHECKING')), step('b', 1)] })).act).toBe('work');
    const skipped = [skip(step('a', 0, 'SKIPPED')), skip(step('b', 1, 'SKIPPED'))];
    expect(decide(view({ steps: skipped }))).toMatchObject({ act: 'finish', status: 'SKIPPED' });
    expect(decide(view({ steps: [...skipped, step('c', 2, 'SUCCEEDED')] }))).toMatchObject({
      status: 'SUCCEEDED',
      reason: '2 of 3 nodes skipped.',
    });
  });

  it('that is aborted at once ends so, whatever has failed, unless all was done', () => {
    const aborted = view({ abortRequested: true, abortAtOnce: true });
    expect(decide({ ...aborted, steps: [step('a', 0, 'FAILED'), step('b', 1)] })).toEqual({
      act: 'finish',
      status: 'ABORTED',
      reason: 'Aborted at once: of 2 nodes, 1 not begun and 1 failed or not waited for.',
      skipReason: 'Aborted before its turn.',
    });
    expect(decide({ ...aborted, steps: [step('a', 0, 'FAILED')] })).toMatchObject({ status: 'ABORTED' });
    expect(decide({ ...aborted, steps: [step('a', 0, 'SUCCEEDED')] })).toMatchObject({ status: 'SUCCEEDED' });
    expect(decide({ ...aborted, steps: [step('a', 0, 'CHECKING')] }).act, 'its step ends it').toBe('work');
  });
});
