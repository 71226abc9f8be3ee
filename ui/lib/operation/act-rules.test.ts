import { describe, expect, it } from 'vitest';
import { senselessOnCommand, senselessOnOperation, senselessOnStep, senselessOnWave } from './act-rules.ts';
import type { ActName } from './acts.ts';

const ALL: ActName[] = ['pause', 'resume', 'promote', 'skip', 'retry', 'abort'];
const sensible = (rule: (act: ActName) => string | undefined, of: ActName[] = ALL): ActName[] =>
  of.filter((act) => rule(act) === undefined);

describe('what makes sense on the whole', () => {
  const acts: ActName[] = ['pause', 'resume', 'retry', 'abort'];
  const on = (status: 'RUNNING' | 'PAUSED' | 'ABORTING' | 'FAILED', failed: number) =>
    sensible(
      (act) =>
        senselessOnOperation(
          act,
          {
            status,
            pausedAt: status === 'PAUSED' ? '2026-01-01T00:00:00Z' : null,
            commandCounts: [{ status: 'FAILED', count: failed }],
            startedAt: '2026-01-01T00:00:00Z',
            ...{ actor: 'Ann', approvals: [] },
          },
          'Ann',
        ),
      acts,
    );
  it('follows its status and what failed', () => {
    expect(on('RUNNING', 0)).toEqual(['pause', 'abort']);
    expect(on('PAUSED', 1)).toEqual(['resume', 'retry', 'abort']);
    expect(on('ABORTING', 0)).toEqual(['abort']);
    expect(on('FAILED', 2)).toEqual(['retry']);
  });

  it('is approved by somebody else, once, before it has begun', () => {
    const waiting = {
      ...{ status: 'PENDING' as const, pausedAt: null, commandCounts: [] },
      ...{ startedAt: null, actor: 'Ann', approvals: [{ by: 'Ben' }] },
    };
    const by = (viewer: string, operation = waiting) =>
      sensible((act) => senselessOnOperation(act, operation, viewer), ['approve', 'withdraw']);
    expect(by('Ann')).toEqual([]);
    expect(by('Ben')).toEqual(['withdraw']);
    expect(by('Cleo')).toEqual(['approve']);
    const begun = { ...waiting, startedAt: '2026-01-01T00:00:00Z' as string | null };
    expect(by('Cleo', begun as typeof waiting)).toEqual([]);
  });
});

describe('what makes sense on a wave', () => {
  const wave = {
    status: 'PENDING' as const,
    pausedAt: null,
    manualGate: true,
    promotedAt: null,
    commandCounts: [{ status: 'PLANNED' as const, count: 3 }],
  };
  it('promotes a gate once', () => {
    expect(sensible((act) => senselessOnWave(act, wave))).toEqual(['pause', 'promote', 'skip', 'abort']);
    const promoted = { ...wave, promotedAt: '2026-01-01T00:00:00Z' };
    expect(senselessOnWave('promote', promoted)).toMatch(/already/);
    expect(senselessOnWave('promote', { ...wave, manualGate: false })).toMatch(/no manual gate/);
  });
  it('retries an ended one only', () => {
    const ended = {
      ...wave,
      status: 'FAILED' as const,
      commandCounts: [{ status: 'EXPIRED' as const, count: 1 }],
    };
    expect(sensible((act) => senselessOnWave(act, ended))).toEqual(['retry']);
  });
});

describe('what makes sense on a cluster', () => {
  const command = {
    status: 'RUNNING' as const,
    pauseRequested: false,
    abortRequested: false,
    abortAtOnce: false,
    cluster: { controlLink: 'CONNECTED' as const },
  };
  it('follows what is wanted of it already', () => {
    const acts: ActName[] = ['pause', 'resume', 'skip', 'retry', 'abort'];
    const on = (some: object, above = false) =>
      sensible((act) => senselessOnCommand(act, { ...command, ...some }, above), acts);
    expect(on({})).toEqual(['pause', 'skip', 'abort']);
    expect(on({ pauseRequested: true })).toEqual(['resume', 'skip', 'abort']);
    expect(on({ pauseRequested: true }, true)).toEqual(['skip', 'abort']);
    expect(on({ abortRequested: true })).toEqual(['abort']);
    expect(on({ abortRequested: true, abortAtOnce: true })).toEqual([]);
    const cluster = { controlLink: 'SILENT' };
    expect(on({ abortRequested: true, abortAtOnce: true, cluster })).toEqual(['abort']);
    expect(on({ status: 'REFUSED' })).toEqual(['retry']);
    expect(on({ status: 'SUCCEEDED' })).toEqual([]);
  });
});

describe('what makes sense on a node', () => {
  const acts: ActName[] = ['pause', 'resume', 'skip', 'retry'];
  const on = (status: 'PENDING' | 'CHECKING' | 'FAILED', command: 'RUNNING' | 'FAILED', some: object = {}) =>
    sensible(
      (act) =>
        senselessOnStep(act, { status, skipRequested: false, pauseRequested: false, ...some }, command),
      acts,
    );
  it('holds or leaves out what has not begun, and retries when its cluster has ended', () => {
    expect(on('PENDING', 'RUNNING')).toEqual(['pause', 'skip']);
    expect(on('PENDING', 'RUNNING', { pauseRequested: true, skipRequested: true })).toEqual(['resume']);
    expect(on('CHECKING', 'RUNNING')).toEqual([]);
    expect(on('FAILED', 'RUNNING')).toEqual([]);
    expect(on('FAILED', 'FAILED')).toEqual(['retry']);
  });
});
