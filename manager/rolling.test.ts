import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeReport, Rolling, StepStatus } from './graphql.ts';
import { decide, type Decision, type RunView, type StepView } from './rolling.ts';

const ROLLING: Rolling = {
  batchSize: 1,
  maxUnavailable: 1,
  healthTimeoutSeconds: 60,
  pauseSeconds: 0,
  stopAfterFailures: 1,
};
const step = (nodeName: string, batch: number, status: StepStatus = 'PENDING'): StepView => ({
  nodeName,
  batch,
  status,
});
const view = (change: Partial<RunView>): RunView => ({
  rolling: ROLLING,
  abortRequested: false,
  confirmBy: null,
  steps: [step('a', 0), step('b', 1), step('c', 2)],
  nodes: new Map([
    ['a', 'RUNNING'],
    ['b', 'RUNNING'],
    ['c', 'RUNNING'],
  ]),
  stoppedBefore: new Set(),
  now: 1000,
  batchEndedAt: null,
  heldSince: null,
  ...change,
});
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
});

/** What may happen to a node, besides what the command does to it. */
const fate = fc.constantFrom<NodeReport['status'] | 'LEFT' | 'nothing'>(
  'nothing',
  'nothing',
  'nothing',
  'RUNNING',
  'DOWN',
  'UNHEALTHY',
  'LEFT',
);
const scenario = fc.record({
  nodeCount: fc.integer({ min: 1, max: 12 }),
  strategy: fc.record({
    batchSize: fc.integer({ min: 1, max: 5 }),
    maxUnavailable: fc.integer({ min: 1, max: 5 }),
    healthTimeoutSeconds: fc.integer({ min: 1, max: 20 }),
    pauseSeconds: fc.integer({ min: 0, max: 5 }),
    stopAfterFailures: fc.integer({ min: 1, max: 4 }),
  }),
  rolling: fc.boolean(),
  outcomes: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  fates: fc.array(fc.record({ node: fc.nat(11), fate }), { maxLength: 40 }),
  abortAt: fc.option(fc.nat(40)),
});

describe('whatever happens', () => {
  it('no two batches run at once, max unavailable holds, and every run ends and says why', () => {
    fc.assert(
      fc.property(scenario, ({ nodeCount, strategy, rolling, outcomes, fates, abortAt }) => {
        const names = Array.from({ length: nodeCount }, (_, n) => `n${n}`);
        const world = new Map<string, NodeReport['status']>(names.map((name) => [name, 'RUNNING']));
        let state = view({
          rolling: rolling ? strategy : null,
          steps: names.map((name, n) => step(name, Math.floor(n / strategy.batchSize))),
          nodes: world,
          now: 0,
        });
        const set = (nodeNames: readonly string[], status: StepStatus) => {
          state = {
            ...state,
            steps: state.steps.map((one) => (nodeNames.includes(one.nodeName) ? { ...one, status } : one)),
          };
        };
        let end: Extract<Decision, { act: 'finish' }> | undefined;
        for (let turn = 0; !end; turn += 1) {
          expect(turn, 'it ends').toBeLessThan(300);
          if (turn === abortAt) state = { ...state, abortRequested: true };
          const happening = fates[turn];
          const name = happening && names[happening.node];
          if (name && world.has(name)) {
            if (happening.fate === 'LEFT') world.delete(name);
            else if (happening.fate !== 'nothing') world.set(name, happening.fate);
          }
          const decision = decide(state);
          if (decision.act !== 'wait') state = { ...state, heldSince: null };
          switch (decision.act) {
            case 'begin': {
              expect(
                state.steps.some(({ status }) => status === 'CHECKING'),
                'one batch at a time',
              ).toBe(false);
              expect(state.abortRequested, 'nothing begins after an abort').toBe(false);
              if (rolling) {
                const batches = new Set(
                  state.steps
                    .filter(({ nodeName }) => decision.nodeNames.includes(nodeName))
                    .map(({ batch }) => batch),
                );
                expect(batches.size).toBe(1);
                const others = [...world].filter(
                  ([other, status]) => status !== 'RUNNING' && !decision.nodeNames.includes(other),
                );
                expect(others.length + decision.nodeNames.length).toBeLessThanOrEqual(
                  strategy.maxUnavailable,
                );
                expect(state.steps.filter(({ status }) => status === 'FAILED').length).toBeLessThan(
                  strategy.stopAfterFailures,
                );
              }
              set(decision.nodeNames, 'CHECKING');
              for (const begun of decision.nodeNames) if (world.has(begun)) world.set(begun, 'STARTING');
              break;
            }
            case 'work':
              for (const worked of decision.nodeNames) {
                const healthy = outcomes[names.indexOf(worked)] && world.has(worked);
                set([worked], healthy ? 'SUCCEEDED' : 'FAILED');
                if (world.has(worked)) world.set(worked, healthy ? 'RUNNING' : 'DOWN');
              }
              state = { ...state, batchEndedAt: state.now };
              break;
            case 'skip':
              set(decision.nodeNames, 'SKIPPED');
              break;
            case 'wait':
              expect(decision.waitingFor).not.toBe('');
              expect(decision.until, 'a bounded wait').toBeGreaterThan(state.now);
              state = {
                ...state,
                now: state.now + 1000,
                heldSince: decision.held ? (state.heldSince ?? state.now) : null,
              };
              break;
            case 'finish':
              end = decision;
          }
        }
        const open = state.steps.filter(({ status }) => status === 'PENDING');
        if (end.status === 'SUCCEEDED') expect(open).toEqual([]);
        else expect(end.reason).toBeTruthy();
        if (end.status === 'ABORTED') expect(state.abortRequested && open.length > 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
