import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENTS, World, event, isActive, setup, start } from './advance-world.ts';

describe('an operation, whatever happens to it', () => {
  it('keeps its rules, and at each rest moves, has ended or says what holds it', () => {
    fc.assert(
      fc.property(setup, fc.array(event, { maxLength: 60 }), fc.boolean(), (given, events, abortAtLast) => {
        const world = new World(given);
        for (const [name, n, to] of events) {
          const { hold, wakeAt } = world.settle();
          const moves = world.commands().some(({ status, offline }) => isActive(status) && !offline);
          expect(world.ended() || moves || hold !== null, 'it says why').toBe(true);
          if (['SOAK', 'START_TIME', 'FREEZE'].includes(hold?.rule ?? '')) expect(wakeAt).not.toBeNull();
          EVENTS[name](world, n, to);
        }
        // Everybody is there, everything is allowed, everything succeeds: it comes to its end.
        if (abortAtLast) world.abort();
        world.approved = ['bob', 'cid'];
        for (const wave of world.waves) {
          wave.pausedAt = null;
          wave.promotedAt = start;
          wave.unhealthy = null;
        }
        for (const command of world.commands()) command.offline = command.paused = command.shut = false;
        for (let round = 0; round < 200 && !world.ended(); round++) {
          world.resume();
          world.settle();
          world.now = new Date(world.now.getTime() + 61_000);
          for (const wave of world.waves) if (wave.status !== 'SOAKING') wave.unhealthy = null;
          for (const command of world.commands()) if (isActive(command.status)) command.status = 'SUCCEEDED';
        }
        expect(world.ended()).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  it('goes from wave to wave: some at once, a gate, a soak', () => {
    const wave = { clusters: 3, manualGate: false, soakSeconds: 0, failureBudget: 0, offlineBudget: 0 };
    const world = new World({
      clustersAtOnce: 2,
      onExceeded: 'PAUSE',
      waves: [
        { ...wave, soakSeconds: 60 },
        { ...wave, manualGate: true },
      ],
    });
    const succeed = () => {
      for (const command of world.commands()) if (isActive(command.status)) command.status = 'SUCCEEDED';
    };
    expect(world.settle().hold).toBeNull();
    expect(world.acts).toMatchObject([{ act: 'beginWave' }, { act: 'issue', count: 2 }]);
    succeed();
    world.settle();
    succeed();
    expect(world.settle()).toMatchObject({ hold: { rule: 'SOAK', wave: 0 }, wakeAt: expect.any(Date) });
    world.waves[0]!.unhealthy = { name: 'shop', status: 'DEGRADED' };
    expect(world.settle()).toMatchObject({ hold: { rule: 'HEALTH' }, wakeAt: null });
    world.waves[0]!.unhealthy = null;
    expect(world.settle().hold).toMatchObject({ rule: 'SOAK' });
    world.now = new Date(start.getTime() + 60_000);
    expect(world.settle().hold).toMatchObject({ rule: 'PROMOTION', wave: 1 });
    world.waves[1]!.promotedAt = start;
    world.settle();
    succeed();
    world.settle();
    succeed();
    world.settle();
    expect(world.ended()).toBe(true);
  });

  it('does not wait for clusters that are offline, as many as its budget allows', () => {
    const wave = { clusters: 4, manualGate: false, soakSeconds: 0, failureBudget: 0, offlineBudget: 1 };
    const world = new World({ clustersAtOnce: 1, onExceeded: 'PAUSE', waves: [wave, wave] });
    world.settle();
    const [first] = world.commands();
    first!.offline = true;
    world.settle();
    expect(
      world.waves[0]!.commands.filter(({ status }) => status === 'PENDING'),
      'no slot is lost',
    ).toHaveLength(2);
    for (const command of world.waves[0]!.commands) if (command !== first) command.status = 'SUCCEEDED';
    world.settle();
    expect(world.waves.map(({ status }) => status)).toEqual(['SUCCEEDED', 'RUNNING']);
    for (const command of world.waves[1]!.commands) {
      command.status = 'RUNNING';
      command.offline = true;
    }
    expect(world.settle().hold).toMatchObject({ rule: 'OFFLINE', wave: 1 });
  });

  it('that is aborted says whom it waits for, and ends without those that someone gives up on', () => {
    const wave = { clusters: 2, manualGate: false, soakSeconds: 0, failureBudget: 0, offlineBudget: 2 };
    const world = new World({ clustersAtOnce: 2, onExceeded: 'PAUSE', waves: [wave, wave] });
    world.settle();
    for (const command of world.waves[0]!.commands) command.offline = true;
    world.settle();
    world.waves[1]!.commands[0]!.status = 'SUCCEEDED';
    world.abort();
    expect(world.settle().hold, 'one is aborting').toBeNull();
    world.waves[1]!.commands[1]!.status = 'ABORTED';
    expect(world.settle().hold).toMatchObject({
      rule: 'OFFLINE',
      reason: '2 clusters are offline; all others are done.',
      freedBy: 'They return, or someone aborts it at once.',
    });
    EVENTS.giveUp(world, 0, 0);
    expect(world.settle().hold).toBeNull();
    expect(world.ended()).toBe(true);
  });

  it('issues again what was taken back of a wave that has ended, beside the wave that is on', () => {
    const wave = { clusters: 2, manualGate: false, soakSeconds: 0, failureBudget: 0, offlineBudget: 1 };
    const world = new World({ clustersAtOnce: 2, onExceeded: 'PAUSE', waves: [wave, wave] });
    world.settle();
    const [late, done] = world.waves[0]!.commands;
    late!.offline = true;
    done!.status = 'SUCCEEDED';
    world.settle();
    expect(world.waves.map(({ status }) => status)).toEqual(['SUCCEEDED', 'RUNNING']);
    Object.assign(late!, { status: 'PLANNED', shut: true });
    expect(world.settle(), 'the wave that is on goes on').toMatchObject({
      hold: null,
      wakeAt: expect.any(Date),
    });
    for (const command of world.waves[1]!.commands) command.status = 'SUCCEEDED';
    expect(world.settle()).toMatchObject({
      hold: { rule: 'FREEZE', wave: null, reason: '1 cluster must wait. r' },
      wakeAt: expect.any(Date),
    });
    late!.shut = false;
    world.settle();
    expect(late!.status).toBe('PENDING');
    late!.status = 'SUCCEEDED';
    world.settle();
    expect(world.ended()).toBe(true);
  });

  it('is paused, or stopped, when more fail than may', () => {
    const wave = { clusters: 3, manualGate: false, soakSeconds: 0, failureBudget: 1, offlineBudget: 0 };
    for (const onExceeded of ['PAUSE', 'STOP', 'REVERT'] as const) {
      const world = new World({ clustersAtOnce: 2, onExceeded, waves: [wave, wave] });
      world.settle();
      for (const command of world.commands().slice(0, 2)) command.status = 'FAILED';
      const { hold } = world.settle();
      expect(world.commands()[2]!.status).toBe(onExceeded === 'PAUSE' ? 'PLANNED' : 'ABORTED');
      if (onExceeded === 'PAUSE') expect(hold?.rule).toBe('PAUSED');
      else expect(world.waves[0]!.status).toBe('FAILED');
      expect(world.reverting).toBe(onExceeded === 'REVERT');
    }
  });

  it('is taken back also when it was the last that failed, and nothing is left to hold back', () => {
    const wave = { clusters: 2, manualGate: false, soakSeconds: 0, failureBudget: 0, offlineBudget: 0 };
    const world = new World({ clustersAtOnce: 2, onExceeded: 'REVERT', waves: [wave] });
    world.settle();
    const [done, failed] = world.commands();
    done!.status = 'SUCCEEDED';
    failed!.status = 'FAILED';
    world.settle();
    expect(world.waves[0]!.status).toBe('FAILED');
    expect(world.ended() && world.reverting).toBe(true);
  });
});
