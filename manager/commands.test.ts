import { describe, expect, it } from 'vitest';
import { acceptCommand, mergeCommand } from './commands.ts';
import type { IssuedCommand } from './graphql.ts';
import { issued } from './testing/issued.ts';

const wished = (
  command: IssuedCommand,
  nodeName: string,
  wish: Partial<IssuedCommand['allSteps'][number]>,
) => ({
  ...command,
  allSteps: command.allSteps.map((step) => (step.nodeName === nodeName ? { ...step, ...wish } : step)),
});
const command = issued('c', [['a'], ['b']]);

describe('a command that is new', () => {
  it.each([
    ['a kind', { kind: 'PAINT_IT_BLUE' as never }, 'This manager cannot do PAINT_IT_BLUE.'],
    ['a mode', { mode: 'GENTLE' as never }, 'This manager does not know the mode GENTLE.'],
    ['limits it lacks', { rolling: null }, 'A rolling restart needs its limits, and this one has none.'],
    [
      'a status of steps',
      { allSteps: wished(command, 'b', { status: 'UNDONE' as never }).allSteps },
      'This manager does not know what a step is that is UNDONE.',
    ],
  ])('is refused for good for %s that this manager does not know', (_, change, statusReason) => {
    expect(acceptCommand({ ...command, ...change })).toMatchObject({
      status: 'REFUSED',
      statusReason,
      retryAfterSeconds: null,
    });
  });

  it('brings all that is wanted of it', () => {
    const paused = wished({ ...command, pauseRequested: true, abortAtOnce: true }, 'b', {
      skipRequested: true,
    });
    expect(acceptCommand(paused)).toMatchObject({
      status: 'ACCEPTED',
      pauseRequested: true,
      abortRequested: false,
      abortAtOnce: true,
      steps: [{ skipRequested: false }, { skipRequested: true, pauseRequested: false }],
    });
  });
});

describe('a command that is delivered once more', () => {
  it('says what is wanted now: a pause is taken back, an abort and a skip are not', () => {
    const all = { pauseRequested: true, abortRequested: true, abortAtOnce: true };
    const mine = acceptCommand(
      wished({ ...command, ...all }, 'b', { skipRequested: true, pauseRequested: true }),
    );
    const { head, steps } = mergeCommand(mine, command);
    expect(head).toMatchObject({ pauseRequested: false, abortRequested: true, abortAtOnce: true });
    expect(steps).toEqual([{ ...mine.steps[1], skipRequested: true, pauseRequested: false }]);
  });

  it('changes no step of which nothing else is wanted, nor what is known better here', () => {
    const mine = acceptCommand(command);
    mine.steps[0] = { ...mine.steps[0]!, status: 'CHECKING', instanceBefore: 'pid 1' };
    expect(mergeCommand(mine, command).steps).toEqual([]);
    const paused = wished(command, 'a', { pauseRequested: true, status: 'STOPPING' });
    expect(mergeCommand(mine, paused).steps).toEqual([{ ...mine.steps[0], pauseRequested: true }]);
    const givenUp = wished({ ...command, abortRequested: true }, 'a', { status: 'UNKNOWN' });
    expect(mergeCommand(mine, givenUp).steps, 'what the OC has not heard').toEqual([]);
  });

  it('is open again if it was put off, and stays ended if it was not', () => {
    const busy = { ...acceptCommand(command), status: 'REFUSED' as const, statusReason: 'Busy.' };
    const again = mergeCommand(
      { ...busy, retryAfterSeconds: 5 },
      wished(command, 'a', { skipRequested: true }),
    );
    expect(again.head).toMatchObject({ status: 'ACCEPTED', statusReason: null, retryAfterSeconds: null });
    expect(again.steps).toMatchObject([{ nodeName: 'a', skipRequested: true }]);
    const refused = mergeCommand({ ...busy, retryAfterSeconds: null }, command);
    expect(refused.head).not.toHaveProperty('status');
  });
});
