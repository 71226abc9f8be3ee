import { describe, expect, it } from 'vitest';
import { AppError } from '../platform/errors.ts';
import type { ClusterRow } from '../topology/service.ts';
import { checkReport, decideReport, nodeEvent, type MembershipReport } from './membership.ts';

const primary = { managerId: 'm', clusterId: 'c' };
const cluster = (row: Partial<ClusterRow> = {}) =>
  ({
    id: 'c',
    name: 'shop',
    primaryId: 'm',
    epoch: 4,
    membershipSequence: 7,
    ...{ down: 0, unhealthy: 0, stopping: 0, starting: 0, stopped: 0, running: 2 },
    ...row,
  }) as ClusterRow;
const report = (part: Partial<MembershipReport> = {}): MembershipReport => ({
  epoch: 4,
  sequence: 8,
  kind: 'DELTA',
  nodes: [{ name: 'a', status: 'RUNNING' }],
  left: [],
  ...part,
});
function refusal(decide: () => unknown): unknown {
  try {
    return decide();
  } catch (error) {
    return error instanceof AppError ? { ...error.extensions } : error;
  }
}

describe('a report', () => {
  it('is applied when it is the next one, and a SNAPSHOT also when it skips ahead', () => {
    expect(decideReport(cluster(), primary, report())).toEqual({ applied: true, sequence: 8 });
    expect(decideReport(cluster(), primary, report({ kind: 'SNAPSHOT', sequence: 20 }))).toEqual({
      applied: true,
      sequence: 20,
    });
  });

  it('is not applied twice', () => {
    for (const kind of ['DELTA', 'SNAPSHOT'] as const) {
      const answer = decideReport(cluster(), primary, report({ kind, sequence: 7 }));
      expect(answer).toEqual({ applied: false, sequence: 7 });
    }
  });

  it('is refused as a DELTA that skips one or begins an epoch', () => {
    const skips = refusal(() => decideReport(cluster(), primary, report({ sequence: 9 })));
    expect(skips).toMatchObject({ code: 'CONFLICT', field: 'input.sequence', expectedSequence: 8 });
    const begins = refusal(() =>
      decideReport(cluster({ membershipSequence: 0 }), primary, report({ sequence: 1 })),
    );
    expect(begins).toMatchObject({ code: 'CONFLICT', expectedSequence: 1 });
  });

  it('is refused of a manager that is not the primary of the epoch', () => {
    for (const row of [{ epoch: 5 }, { primaryId: 'other' }, { primaryId: null }]) {
      const refused = refusal(() => decideReport(cluster(row), primary, report()));
      expect(refused).toMatchObject({ code: 'CONFLICT', field: 'input.epoch' });
    }
    expect(refusal(() => decideReport(undefined, primary, report()))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('that names nobody does not mean that all have left', () => {
    const empty = report({ kind: 'SNAPSHOT', nodes: [] });
    expect(refusal(() => decideReport(cluster(), primary, empty))).toMatchObject({ code: 'INVALID' });
    expect(decideReport(cluster({ running: 0 }), primary, empty).applied).toBe(true);
    const left = [{ name: 'a', reason: null }];
    expect(decideReport(cluster(), primary, { ...empty, left }).applied).toBe(true);
  });

  it('names a node once', () => {
    const twice = report({ left: [{ name: 'a', reason: null }] });
    expect(refusal(() => checkReport(twice))).toMatchObject({ code: 'INVALID', field: 'input.nodes' });
  });
});

describe('what is told of a node', () => {
  const node = { id: 'n', clusterId: 'c', name: 'a', statusReason: null };

  it.each([
    [null, 'RUNNING', null, 'NODE_JOINED', 'a joined shop: RUNNING.'],
    ['LEFT', 'STARTING', 'again', 'NODE_JOINED', 'a joined shop: STARTING. again'],
    ['RUNNING', 'DOWN', 'exit 1', 'NODE_CHANGED', 'a: RUNNING → DOWN. exit 1'],
    ['RUNNING', 'RUNNING', null, 'NODE_CHANGED', 'a: told news of itself.'],
    ['RUNNING', 'LEFT', 'scaled in', 'NODE_LEFT', 'a left shop. scaled in'],
  ] as const)('%s, then %s (%s): %s', (before, status, statusReason, kind, summary) => {
    const event = nodeEvent('shop', { ...node, before, status, statusReason });
    expect(event).toEqual({ kind, clusterId: 'c', nodeId: 'n', summary });
  });
});
