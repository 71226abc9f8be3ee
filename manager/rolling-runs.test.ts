import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeReport, StepStatus } from './graphql.ts';
import { decide, type Decision, type StepView } from './rolling.ts';
import { step, view } from './testing/run-view.ts';

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
/** What an operator may want meanwhile. Pauses are taken back when nothing else moves. */
const wish = fc.constantFrom('pause', 'resume', 'pauseNode', 'resumeNode', 'skip', 'abort', 'abortAtOnce');
const scenario = fc.record({
  nodeCount: fc.integer({ min: 1, max: 12 }),
  strategy: fc.record({
    batchSize: fc.integer({ min: 1, max: 5 }),
    maxUnavailable: fc.integer({ min: 1, max: 5 }),
    healthTimeoutSeconds: fc.integer({ min: 1, max: 20 }),
    minHealthySeconds: fc.constant(0),
    pauseSeconds: fc.integer({ min: 0, max: 5 }),
    stopAfterFailures: fc.integer({ min: 1, max: 4 }),
  }),
  rolling: fc.boolean(),
  outcomes: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  fates: fc.array(fc.record({ node: fc.nat(11), fate }), { maxLength: 40 }),
  wishes: fc.array(fc.record({ at: fc.nat(60), node: fc.nat(11), wish }), { maxLength: 12 }),
});

describe('whatever happens', () => {
  it('no two batches run at once, max unavailable holds, and every run ends and says why', () => {
    fc.assert(
      fc.property(scenario, ({ nodeCount, strategy, rolling, outcomes, fates, wishes }) => {
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
        const wantOf = (nodeName: string, change: Partial<StepView>) => {
          state = {
            ...state,
            steps: state.steps.map((one) => (one.nodeName === nodeName ? { ...one, ...change } : one)),
          };
        };
        const want = (wished: string, nodeName: string) => {
          if (wished === 'pauseNode' || wished === 'resumeNode')
            wantOf(nodeName, { pauseRequested: wished === 'pauseNode' });
          else if (wished === 'skip') wantOf(nodeName, { skipRequested: true });
          else if (wished === 'abort' || wished === 'abortAtOnce')
            state = {
              ...state,
              abortRequested: true,
              abortAtOnce: state.abortAtOnce || wished === 'abortAtOnce',
            };
          else state = { ...state, pauseRequested: wished === 'pause' };
        };
        let end: Extract<Decision, { act: 'finish' }> | undefined;
        for (let turn = 0; !end; turn += 1) {
          expect(turn, 'it ends').toBeLessThan(300);
          for (const { at, node, wish: wished } of wishes) if (at === turn) want(wished, `n${node}`);
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
              expect(state.pauseRequested, 'nothing begins in a pause').toBe(false);
              for (const { nodeName, pauseRequested, skipRequested } of state.steps) {
                if (decision.nodeNames.includes(nodeName))
                  expect({ pauseRequested, skipRequested }).toEqual({
                    pauseRequested: false,
                    skipRequested: false,
                  });
              }
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
                // An abort at once does not wait for health: see judge().
                const healthy = outcomes[names.indexOf(worked)] && world.has(worked) && !state.abortAtOnce;
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
              if (decision.until === null) {
                expect(
                  state.pauseRequested ||
                    state.steps.some(
                      (one) => one.pauseRequested && decision.nodeNames.includes(one.nodeName),
                    ),
                  'only a pause holds without end',
                ).toBe(true);
                want('resume', '');
                for (const held of decision.nodeNames) want('resumeNode', held);
              } else expect(decision.until, 'a bounded wait').toBeGreaterThan(state.now);
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
        if (end.status === 'SUCCEEDED' || end.status === 'SKIPPED') expect(open).toEqual([]);
        if (end.status !== 'SUCCEEDED') expect(end.reason).toBeTruthy();
        if (end.status === 'ABORTED')
          expect(state.abortRequested && (open.length > 0 || state.abortAtOnce)).toBe(true);
        const done = state.steps.filter(({ status }) => status !== 'SKIPPED');
        if (end.status === 'SKIPPED') expect(done).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});
