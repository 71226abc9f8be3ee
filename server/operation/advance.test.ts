import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CommandStatus, WaveStatus } from '../platform/generated/prisma/enums.ts';
import { advance, type Act, type OperationView, type WaveView } from './advance.ts';
import { ACTIVE_COMMAND, commandEnded, countsFrom, FAILED_COMMAND, sumOf, waveEnded } from './state.ts';

const start = new Date('2026-01-01T00:00:00Z');

/** An operation in memory, as rows and runner would have it, with managers that do whatever they are made to do. */
class World {
  now = start;
  paused = false;
  aborting = false;
  readonly acts: Act[] = [];
  readonly waves: (Omit<WaveView, 'counts' | 'offline' | 'pausedCommands'> & { commands: Command[] })[];

  constructor(readonly setup: Setup) {
    this.waves = setup.waves.map((wave, index) => ({
      index,
      name: `w${index}`,
      status: 'PENDING' as WaveStatus,
      manualGate: wave.manualGate,
      promotedAt: null,
      soakSeconds: wave.soakSeconds,
      soakUntil: null,
      failureBudget: wave.failureBudget,
      offlineBudget: wave.offlineBudget,
      pausedAt: null,
      pauseReason: null,
      unhealthy: null,
      commands: Array.from({ length: wave.clusters }, () => ({
        status: 'PLANNED' as CommandStatus,
        offline: false,
        paused: false,
      })),
    }));
  }

  view(): OperationView {
    return {
      rollout: this.setup,
      pausedAt: this.paused ? start : null,
      pauseReason: null,
      abortRequested: this.aborting,
      waves: this.waves.map(({ commands, ...wave }) => {
        const counts = { ...countsFrom({}) };
        for (const { status } of commands) counts[status] += 1;
        return {
          ...wave,
          counts,
          offline: commands.filter(({ status, offline }) => isActive(status) && offline).length,
          pausedCommands: commands.filter(({ status, paused }) => status === 'PLANNED' && paused).length,
        };
      }),
    };
  }

  /** Carries out what the runner would, until there is nothing to do; checks each act against the rules. */
  settle(): ReturnType<typeof advance> {
    for (let turns = 0; turns < 1000; turns++) {
      const view = this.view();
      const decision = advance(view, this.now);
      if (!decision.act) return decision;
      this.check(view, decision.act);
      this.acts.push(decision.act);
      this.apply(decision.act);
    }
    throw new Error('It does not settle.');
  }

  check(view: OperationView, act: Act): void {
    const wave = view.waves[act.wave]!;
    expect(
      view.waves.slice(0, act.wave).every(({ status }) => waveEnded(status)),
      'waves in turn',
    ).toBe(true);
    expect(waveEnded(wave.status), 'no act on what has ended').toBe(false);
    if (this.aborting) expect(act.act, 'an abort begins nothing').toBe('endWave');
    if (this.paused && !this.aborting) throw new Error(`a pause does nothing, not ${act.act}`);
    if (act.act === 'beginWave') expect(!wave.manualGate || wave.promotedAt !== null, 'its gate').toBe(true);
    if (act.act !== 'issue') return;
    const active = sumOf(wave.counts, ACTIVE_COMMAND) - wave.offline;
    expect(active + act.count, 'clusters at once').toBeLessThanOrEqual(this.setup.clustersAtOnce);
    expect(sumOf(wave.counts, FAILED_COMMAND), 'the budget').toBeLessThanOrEqual(wave.failureBudget);
    expect(wave.pausedAt, 'a pause').toBeNull();
  }

  apply(act: Act): void {
    const wave = this.waves[act.wave]!;
    switch (act.act) {
      case 'beginWave':
        wave.status = 'RUNNING';
        break;
      case 'issue': {
        const next = wave.commands.filter(({ status, paused }) => status === 'PLANNED' && !paused);
        expect(next.length).toBeGreaterThanOrEqual(act.count);
        for (const command of next.slice(0, act.count)) command.status = 'PENDING';
        break;
      }
      case 'beginSoak':
        wave.status = 'SOAKING';
        wave.soakUntil = act.until;
        break;
      case 'interruptSoak':
        wave.soakUntil = null;
        break;
      case 'endWave':
        wave.status = act.status;
        break;
      case 'pause':
        this.paused = true;
        break;
      case 'stop':
        this.abort();
        break;
    }
  }

  abort(): void {
    this.aborting = true;
    for (const command of this.commands()) if (command.status === 'PLANNED') command.status = 'ABORTED';
  }

  resume(): void {
    this.paused = false;
    for (const wave of this.waves) {
      const failed = wave.commands.filter(({ status }) => FAILED_COMMAND.includes(status as 'FAILED')).length;
      wave.failureBudget = Math.max(wave.failureBudget, failed);
    }
  }

  commands(): Command[] {
    return this.waves.flatMap(({ commands }) => commands);
  }

  ended(): boolean {
    return (
      this.waves.every(({ status }) => waveEnded(status)) &&
      this.commands().every(({ status }) => commandEnded(status))
    );
  }
}

interface Command {
  status: CommandStatus;
  offline: boolean;
  paused: boolean;
}
interface Setup {
  clustersAtOnce: number;
  onExceeded: 'PAUSE' | 'STOP';
  waves: {
    clusters: number;
    manualGate: boolean;
    soakSeconds: number;
    failureBudget: number;
    offlineBudget: number;
  }[];
}
const isActive = (status: CommandStatus): boolean => (ACTIVE_COMMAND as readonly string[]).includes(status);

const setup: fc.Arbitrary<Setup> = fc.record({
  clustersAtOnce: fc.integer({ min: 1, max: 4 }),
  onExceeded: fc.constantFrom('PAUSE', 'STOP'),
  waves: fc.array(
    fc.record({
      clusters: fc.integer({ min: 1, max: 6 }),
      manualGate: fc.boolean(),
      soakSeconds: fc.constantFrom(0, 60),
      failureBudget: fc.integer({ min: 0, max: 2 }),
      offlineBudget: fc.integer({ min: 0, max: 6 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

/** What may happen between two turns. A number chooses among the commands or waves there are. */
const EVENTS = {
  report: (world: World, n: number, to: number) => {
    const active = world.commands().filter(({ status, offline }) => isActive(status) && !offline);
    const command = active[n % active.length];
    if (command)
      command.status = (['ACCEPTED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'REFUSED'] as const)[to % 5]!;
  },
  expire: (world: World, n: number) => {
    const waiting = world.commands().filter(({ status }) => status === 'PENDING');
    const command = waiting[n % waiting.length];
    if (command) command.status = 'EXPIRED';
  },
  offline: (world: World, n: number, to: number) => {
    const all = world.commands();
    all[n % all.length]!.offline = to % 2 === 0;
  },
  pause: (world: World) => {
    world.paused = true;
  },
  resume: (world: World) => world.resume(),
  pauseWave: (world: World, n: number, to: number) => {
    world.waves[n % world.waves.length]!.pausedAt = to % 2 === 0 ? start : null;
  },
  pauseCommand: (world: World, n: number, to: number) => {
    const all = world.commands();
    all[n % all.length]!.paused = to % 2 === 0;
  },
  promote: (world: World, n: number) => {
    world.waves[n % world.waves.length]!.promotedAt = start;
  },
  skip: (world: World, n: number) => {
    const planned = world.commands().filter(({ status }) => status === 'PLANNED');
    const command = planned[n % planned.length];
    if (command) command.status = 'SKIPPED';
  },
  sick: (world: World, n: number, to: number) => {
    for (const wave of world.waves)
      wave.unhealthy =
        to % 2 === 0 && wave.status === 'SOAKING' ? { name: `c${n}`, status: 'DEGRADED' } : null;
  },
  time: (world: World, n: number) => {
    world.now = new Date(world.now.getTime() + (n % 90) * 1000);
  },
};
const event = fc.tuple(
  fc.constantFrom(...(Object.keys(EVENTS) as (keyof typeof EVENTS)[])),
  fc.nat(1000),
  fc.nat(1000),
);

describe('an operation, whatever happens to it', () => {
  it('keeps its rules, and at each rest moves, has ended or says what holds it', () => {
    fc.assert(
      fc.property(setup, fc.array(event, { maxLength: 60 }), fc.boolean(), (given, events, abortAtLast) => {
        const world = new World(given);
        for (const [name, n, to] of events) {
          const { hold, wakeAt } = world.settle();
          const moves = world.commands().some(({ status, offline }) => isActive(status) && !offline);
          const aborting = world.aborting && world.commands().some(({ status }) => isActive(status));
          expect(world.ended() || moves || aborting || hold !== null, 'it says why').toBe(true);
          if (hold?.rule === 'SOAK') expect(wakeAt).not.toBeNull();
          EVENTS[name](world, n, to);
        }
        // Everybody is there, everything is allowed, everything succeeds: it comes to its end.
        if (abortAtLast) world.abort();
        for (const wave of world.waves) {
          wave.pausedAt = null;
          wave.promotedAt = start;
          wave.unhealthy = null;
        }
        for (const command of world.commands()) command.offline = command.paused = false;
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

  it('is paused, or stopped, when more fail than may', () => {
    const wave = { clusters: 3, manualGate: false, soakSeconds: 0, failureBudget: 1, offlineBudget: 0 };
    for (const onExceeded of ['PAUSE', 'STOP'] as const) {
      const world = new World({ clustersAtOnce: 2, onExceeded, waves: [wave, wave] });
      world.settle();
      for (const command of world.commands().slice(0, 2)) command.status = 'FAILED';
      const { hold } = world.settle();
      expect(world.commands()[2]!.status).toBe(onExceeded === 'PAUSE' ? 'PLANNED' : 'ABORTED');
      if (onExceeded === 'PAUSE') expect(hold?.rule).toBe('PAUSED');
      else expect(world.waves[0]!.status).toBe('FAILED');
    }
  });
});
