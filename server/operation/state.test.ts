import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandStatus, StepStatus } from '../platform/generated/prisma/enums.ts';
import {
  commandEnded,
  operationEnded,
  operationStatus,
  stepMayBecome,
  takesReport,
  waitingFor,
  type WaitingCommand,
} from './state.ts';

const counts = fc
  .array(fc.constantFrom(...Object.values(CommandStatus)), { minLength: 1, maxLength: 20 })
  .map((statuses) =>
    statuses.reduce<Partial<Record<CommandStatus, number>>>(
      (sum, status) => ({ ...sum, [status]: (sum[status] ?? 0) + 1 }),
      {},
    ),
  );

describe('an operation’s status', () => {
  it('has ended exactly when all of its commands have', () => {
    fc.assert(
      fc.property(counts, fc.boolean(), (commands, abortRequested) => {
        const ended = Object.keys(commands).every((status) => commandEnded(status as CommandStatus));
        expect(operationEnded(operationStatus(commands, abortRequested).status)).toBe(ended);
      }),
    );
  });

  it('is a success only when every command is', () => {
    fc.assert(
      fc.property(counts, (commands) => {
        const all = Object.keys(commands).every((status) => status === 'SUCCEEDED');
        expect(operationStatus(commands, false).status === 'SUCCEEDED').toBe(all);
      }),
    );
  });

  it('says how far it is', () => {
    expect(operationStatus({ PENDING: 2 }, false)).toEqual({
      status: 'PENDING',
      reason: '2 of 2 clusters to go.',
    });
    expect(operationStatus({ RUNNING: 1, SUCCEEDED: 2, FAILED: 1 }, false)).toEqual({
      status: 'RUNNING',
      reason: '1 of 4 clusters to go; 2 succeeded, 1 failed.',
    });
    expect(operationStatus({ RUNNING: 1 }, true).status).toBe('ABORTING');
    expect(operationStatus({ ABORTED: 1, SUCCEEDED: 1 }, true)).toEqual({
      status: 'ABORTED',
      reason: 'Of 2 clusters: 1 succeeded, 1 aborted.',
    });
    expect(operationStatus({ EXPIRED: 1, SUCCEEDED: 1 }, false).status).toBe('FAILED');
  });
});

describe('a command', () => {
  const command: WaitingCommand = {
    status: 'PENDING',
    managerWaits: null,
    deliveredAt: null,
    expiresAt: new Date('2026-01-02T00:00:00Z'),
    abortRequested: false,
  };
  const cluster = { name: 'shop', link: 'CONNECTED' as const, lastHeardAt: new Date('2026-01-01T00:00:00Z') };

  it('that does not move always says why; one that moves or has ended never', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(CommandStatus)),
        fc.constantFrom('CONNECTED' as const, 'SILENT' as const),
        fc.boolean(),
        (status, link, delivered) => {
          const why = waitingFor(
            { ...command, status, deliveredAt: delivered ? new Date() : null },
            { ...cluster, link },
            null,
          );
          const moves = commandEnded(status) || (status === 'RUNNING' && link === 'CONNECTED');
          expect(why === null).toBe(moves);
        },
      ),
    );
  });

  it('names what holds it', () => {
    expect(waitingFor(command, { ...cluster, link: 'SILENT' }, null)).toBe(
      'No manager of shop is heard, last heard 2026-01-01T00:00:00.000Z. The command begins when one returns, and expires at 2026-01-02T00:00:00.000Z.',
    );
    expect(waitingFor(command, cluster, 'RESTART “night”')).toBe('RESTART “night” runs first in shop.');
    expect(waitingFor({ ...command, status: 'RUNNING', managerWaits: 'app-3 is down' }, cluster, null)).toBe(
      'app-3 is down',
    );
  });

  it('takes reports until it has ended, and after it expired from those who may have begun it', () => {
    const at = new Date();
    const open = (reported: CommandStatus, deliveredAt: Date | null) =>
      Object.values(CommandStatus).filter((status) => takesReport({ status, deliveredAt }, reported));
    expect(open('RUNNING', at)).toEqual(['PENDING', 'ACCEPTED', 'RUNNING', 'EXPIRED']);
    expect(open('ACCEPTED', at)).toEqual(['PENDING', 'ACCEPTED', 'RUNNING']);
    expect(open('RUNNING', null)).toEqual(['PENDING', 'ACCEPTED', 'RUNNING']);
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
