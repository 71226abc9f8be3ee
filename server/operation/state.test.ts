import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandStatus, StepStatus } from '../platform/generated/prisma/enums.ts';
import {
  afterReport,
  commandEnded,
  countsFrom,
  operationEnded,
  operationStatus,
  stepMayBecome,
  takesReport,
  type Progress,
} from './state.ts';

const counts = fc
  .array(fc.constantFrom(...Object.values(CommandStatus)), { minLength: 1, maxLength: 20 })
  .map((statuses) =>
    statuses.reduce<Partial<Record<CommandStatus, number>>>(
      (sum, status) => ({ ...sum, [status]: (sum[status] ?? 0) + 1 }),
      {},
    ),
  );

const progress = (
  commands: Partial<Record<CommandStatus, number>>,
  over: Partial<Progress> = {},
): Progress => ({
  counts: countsFrom(commands),
  wavesOpen: false,
  paused: false,
  abortRequested: false,
  ...over,
});

describe('an operation’s status', () => {
  it('has ended exactly when all of its commands and waves have', () => {
    fc.assert(
      fc.property(
        counts,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (commands, wavesOpen, paused, abortRequested) => {
          const ended =
            !wavesOpen && Object.keys(commands).every((status) => commandEnded(status as CommandStatus));
          const { status } = operationStatus(progress(commands, { wavesOpen, paused, abortRequested }));
          expect(operationEnded(status)).toBe(ended);
        },
      ),
    );
  });

  it('is a success only when every command is, or was skipped', () => {
    fc.assert(
      fc.property(counts, (commands) => {
        const well = Object.keys(commands).every((status) => ['SUCCEEDED', 'SKIPPED'].includes(status));
        const some = (commands.SUCCEEDED ?? 0) > 0;
        expect(operationStatus(progress(commands)).status === 'SUCCEEDED').toBe(well && some);
      }),
    );
  });

  it('says how far it is', () => {
    expect(operationStatus(progress({ PLANNED: 1, PENDING: 1 }, { wavesOpen: true }))).toEqual({
      status: 'PENDING',
      reason: '2 of 2 clusters to go.',
    });
    expect(operationStatus(progress({ RUNNING: 1, SUCCEEDED: 2, FAILED: 1 }))).toEqual({
      status: 'RUNNING',
      reason: '1 of 4 clusters to go; 2 succeeded, 1 failed.',
    });
    expect(operationStatus(progress({ SUCCEEDED: 2 }, { wavesOpen: true }))).toEqual({
      status: 'RUNNING',
      reason: 'All of 2 clusters are done; 2 succeeded.',
    });
    expect(operationStatus(progress({ RUNNING: 1 }, { abortRequested: true, paused: true })).status).toBe(
      'ABORTING',
    );
    expect(operationStatus(progress({ RUNNING: 1 }, { paused: true })).status).toBe('PAUSED');
    expect(operationStatus(progress({ ABORTED: 1, SUCCEEDED: 1 }, { abortRequested: true }))).toEqual({
      status: 'ABORTED',
      reason: 'Of 2 clusters: 1 succeeded, 1 aborted.',
    });
    expect(operationStatus(progress({ EXPIRED: 1, SUCCEEDED: 1 })).status).toBe('FAILED');
  });
});

describe('a command', () => {
  it('takes reports until it has ended, and after it expired from those who may have begun it', () => {
    const at = new Date();
    const open = (reported: CommandStatus, deliveredAt: Date | null) =>
      Object.values(CommandStatus).filter((status) =>
        takesReport({ status, deliveredAt, startedAt: null }, reported),
      );
    expect(open('RUNNING', at)).toEqual(['PENDING', 'ACCEPTED', 'RUNNING', 'EXPIRED']);
    expect(open('ACCEPTED', at)).toEqual(['PENDING', 'ACCEPTED', 'RUNNING']);
    expect(open('RUNNING', null)).toEqual(['PENDING', 'ACCEPTED', 'RUNNING']);
    const givenUp = { status: 'EXPIRED', deliveredAt: at } as const;
    expect(takesReport({ ...givenUp, startedAt: null }, 'ABORTED'), 'it was not begun').toBe(false);
    expect(takesReport({ ...givenUp, startedAt: at }, 'ABORTED')).toBe(true);
  });

  it('that was given up has ended, and is only what it ended as by itself', () => {
    for (const reported of Object.values(CommandStatus)) {
      const own = reported === 'SUCCEEDED' || reported === 'FAILED';
      expect(afterReport('EXPIRED', reported)).toBe(own ? reported : 'EXPIRED');
      expect(afterReport('RUNNING', reported)).toBe(reported);
    }
  });
});

describe('a step', () => {
  it('goes on, and what it has begun and how it has ended is not taken back', () => {
    const goesOn = (status: StepStatus) =>
      Object.values(StepStatus).filter((reported) => stepMayBecome(status, reported));
    const all = Object.values(StepStatus);
    const notBegun = ['PENDING', 'WAITING'];
    for (const status of all) {
      const wanted = ['SUCCEEDED', 'FAILED', 'SKIPPED'].includes(status)
        ? [status]
        : all.filter((reported) => notBegun.includes(status) || !notBegun.includes(reported));
      expect(goesOn(status), status).toEqual(wanted);
    }
  });
});
