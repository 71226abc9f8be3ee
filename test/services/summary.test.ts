import { describe, expect, it } from 'vitest';
import { formatSummary, summarise, type VitestReport } from './summary.ts';

const report = (counts: Partial<VitestReport>): VitestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...counts,
});

describe('the last line of a test run', () => {
  it('counts what passed, failed and, if any, was skipped', () => {
    const line = (counts: Partial<VitestReport>, exitCode: number): string =>
      formatSummary(summarise(report(counts), exitCode));
    expect(line({ numPassedTests: 3 }, 0)).toBe('3 passed, 0 failed');
    expect(line({ numPassedTests: 3, numFailedTests: 2 }, 1)).toBe('3 passed, 2 failed');
    expect(line({ numPassedTests: 3, numPendingTests: 1, numTodoTests: 1 }, 0)).toBe(
      '3 passed, 0 failed, 2 skipped',
    );
  });

  it('counts a file that could not be loaded as a failure', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] },
    ];
    const summary = summarise(report({ numPassedTests: 1, numFailedTests: 1, testResults }), 1);
    expect(summary).toEqual({ passed: 1, failed: 2, skipped: 0 });
  });

  it('never says that nothing failed when the run did, or when nothing ran', () => {
    expect(summarise(report({ numPassedTests: 1 }), 1).failed).toBe(1);
    expect(summarise(report({ numPendingTests: 1 }), 0).failed).toBe(1);
    expect(summarise(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
