import fc from 'fast-check';
import { expect } from 'vitest';
import type { CommandStatus, WaveStatus } from '../platform/generated/prisma/enums.ts';
import { advance, type Act, type OperationView, type WaveView } from './advance.ts';
import { ACTIVE_COMMAND, commandEnded, countsFrom, FAILED_COMMAND, sumOf, waveEnded } from './state.ts';

export const start = new Date('2026-01-01T00:00:00Z');

/** An operation in memory, as rows and runner would have it, with managers that do whatever they are made to do. */
export class World {
  now = start;
  paused = false;
  aborting = false;
  /** What it did is to be taken back. */
  reverting = false;
  approved: string[] = [];
  readonly acts: Act[] = [];
  readonly waves: (Omit<WaveView, 'counts' | 'offline' | 'pausedCommands' | 'shut'> & {
    commands: Command[];
  })[];

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
        shut: false,
      })),
    }));
  }

  view(): OperationView {
    return {
      rollout: this.setup,
      approvals: { needed: this.setup.approvals ?? 0, by: this.approved, actor: 'ann' },
      startsAt: this.setup.startsAt ?? null,
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
          shut: shutOf(commands, this.now),
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
    if (act.act === 'issue') this.checkIssue(view, wave, act.count);
    // What was taken back of a wave that has ended is issued again.
    if (act.act === 'issue' && waveEnded(wave.status)) return;
    expect(
      view.waves.slice(0, act.wave).every(({ status }) => waveEnded(status)),
      'waves in turn',
    ).toBe(true);
    expect(waveEnded(wave.status), 'no act on what has ended').toBe(false);
    if (this.aborting) expect(act.act, 'an abort begins nothing').toBe('endWave');
    if (this.paused && !this.aborting) throw new Error(`a pause does nothing, not ${act.act}`);
    if (view.startsAt && !this.aborting) expect(this.now >= view.startsAt, 'its time').toBe(true);
    if (!this.aborting) expect(view.approvals.by.length).toBeGreaterThanOrEqual(view.approvals.needed);
    if (act.act === 'beginWave') expect(!wave.manualGate || wave.promotedAt !== null, 'its gate').toBe(true);
  }

  checkIssue(view: OperationView, wave: WaveView, count: number): void {
    expect(view.abortRequested || this.paused, 'neither aborted nor paused').toBe(false);
    const active = sumOf(wave.counts, ACTIVE_COMMAND) - wave.offline;
    expect(active + count, 'clusters at once').toBeLessThanOrEqual(this.setup.clustersAtOnce);
    if (waveEnded(wave.status)) return;
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
        const next = wave.commands.filter(
          ({ status, paused, shut }) => status === 'PLANNED' && !paused && !shut,
        );
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
        expect(act.revert).toBe(this.setup.onExceeded === 'REVERT');
        this.reverting = act.revert;
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
  /** Nothing is issued to its cluster. */
  shut: boolean;
  status: CommandStatus;
  offline: boolean;
  paused: boolean;
}
export interface Setup {
  approvals?: number;
  startsAt?: Date | null;
  clustersAtOnce: number;
  onExceeded: 'PAUSE' | 'STOP' | 'REVERT';
  waves: {
    clusters: number;
    manualGate: boolean;
    soakSeconds: number;
    failureBudget: number;
    offlineBudget: number;
  }[];
}
const shutOf = (commands: readonly Command[], now: Date): WaveView['shut'] => {
  const count = commands.filter(({ status, paused, shut }) => status === 'PLANNED' && !paused && shut).length;
  const hold = { rule: 'FREEZE' as const, reason: 'r', freedBy: 'f' };
  return count > 0 ? { count, hold, nextAt: new Date(now.getTime() + 1000) } : null;
};
export const isActive = (status: CommandStatus): boolean =>
  (ACTIVE_COMMAND as readonly string[]).includes(status);

export const setup: fc.Arbitrary<Setup> = fc.record({
  approvals: fc.integer({ min: 0, max: 2 }),
  startsAt: fc.constantFrom(null, new Date(start.getTime() + 100_000)),
  clustersAtOnce: fc.integer({ min: 1, max: 4 }),
  onExceeded: fc.constantFrom('PAUSE', 'STOP', 'REVERT'),
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
export const EVENTS = {
  report: (world: World, n: number, to: number) => {
    const active = world.commands().filter(({ status, offline }) => isActive(status) && !offline);
    const command = active[n % active.length];
    if (command)
      command.status = (['ACCEPTED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'REFUSED'] as const)[to % 5]!;
  },
  /** Someone aborts one cluster's part, or all, at once: managers that are not heard are given up on. */
  giveUp: (world: World, n: number, to: number) => {
    const lost = world.commands().filter(({ status, offline }) => isActive(status) && offline);
    const whole = to % 4 === 0;
    if (whole) world.abort();
    for (const command of whole ? lost : lost.slice(n % (lost.length || 1)).slice(0, 1))
      command.status = 'EXPIRED';
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
  approve: (world: World, n: number) => {
    world.approved = [...new Set([...world.approved, `p${n % 3}`])];
  },
  freeze: (world: World, n: number, to: number) => {
    const all = world.commands();
    all[n % all.length]!.shut = to % 2 === 0;
  },
  /** Its window closes: what was not begun waits for the next one, also where the wave has ended without it. */
  takeBack: (world: World, n: number) => {
    const unbegun = world.commands().filter(({ status }) => status === 'PENDING' || status === 'ACCEPTED');
    const command = unbegun[n % unbegun.length];
    if (command && !world.aborting) Object.assign(command, { status: 'PLANNED', shut: true });
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
export const event = fc.tuple(
  fc.constantFrom(...(Object.keys(EVENTS) as (keyof typeof EVENTS)[])),
  fc.nat(1000),
  fc.nat(1000),
);
