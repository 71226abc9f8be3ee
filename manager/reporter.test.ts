import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Backoff } from './backoff.ts';
import { OcClient } from './client.ts';
import { acceptCommand } from './commands.ts';
import { Journal } from './journal.ts';
import { CommandReporter } from './reporter.ts';
import { temporaryFolder } from './testing/folder.ts';
import { issued } from './testing/issued.ts';
import { silent } from './testing/silent.ts';
import { fenceable } from './testing/unfenced.ts';
import { until } from './testing/until.ts';
import { fault, openWire, type Answer } from './testing/wire.ts';

interface Report {
  commandId: string;
  sequence: number;
  status: string;
  retryAfterSeconds: number | null;
  steps: { nodeName: string }[];
}

async function open(answer: (report: Report) => Answer) {
  const { url, requests } = await openWire(({ input }) => answer(input as unknown as Report));
  const guard = fenceable();
  const journal = Journal.open(join(temporaryFolder(), 'journal.jsonl'), 1, guard, silent);
  journal.put(acceptCommand(issued('c', [['a'], ['b']], { reportSequence: 3 })));
  const over = new AbortController();
  const dropped: string[] = [];
  let roleLost = 0;
  const reporter = new CommandReporter({
    client: new OcClient(url, { current: 'ocm_1' }),
    epoch: 1,
    journal,
    backoff: new Backoff({ baseMs: 1, capMs: 5 }),
    drop: (id) => dropped.push(id),
    roleLost: () => (roleLost += 1),
    log: silent,
    signal: over.signal,
  });
  onTestFinished(() => {
    over.abort();
    journal.close();
  });
  const reports = () => requests.map(({ input }) => input as unknown as Report);
  const flushed = () => reporter.flushed(over.signal);
  const brief = () =>
    reports().map(({ sequence, steps }) => [sequence, steps.map(({ nodeName }) => nodeName)]);
  return { reporter, journal, reports, brief, flushed, dropped, guard, rolesLost: () => roleLost };
}
const applied = ({ sequence }: Report) => ({ data: { applied: true, sequence } });

describe('reports of a command', () => {
  it('are numbered above what the OC has, and carry the steps that changed', async () => {
    const { reporter, journal, brief, reports, flushed } = await open(applied);
    reporter.report('c', []);
    await flushed();
    reporter.report('c', ['b']);
    await flushed();
    expect(brief()).toEqual([
      [4, []],
      [5, ['b']],
    ]);
    for (const ofTheOc of ['batch', 'skipRequested', 'pauseRequested'])
      expect(Object.keys(reports()[1]!.steps[0]!)).not.toContain(ofTheOc);
    expect(journal.commands.get('c')).toMatchObject({ sequence: 5, told: false });
    journal.update('c', { status: 'SUCCEEDED' });
    reporter.report('c', []);
    await flushed();
    expect(journal.commands.get('c')?.told).toBe(true);
  });

  it('become one while the OC is away', async () => {
    let away = true;
    const { reporter, reports, flushed } = await open((report) => (away ? { status: 503 } : applied(report)));
    reporter.report('c', ['a']);
    await until('it was tried', () => reports().length > 2);
    reporter.report('c', ['b']);
    await until('both are tried', () => reports().at(-1)?.steps.length === 2);
    away = false;
    await flushed();
    const last = reports().at(-1)!;
    expect(last.steps.map(({ nodeName }) => nodeName)).toEqual(['a', 'b']);
    expect(last.sequence, 'no number is used twice').toBe(3 + reports().length);
  });

  it('go on above the OC’s number when the journal was lost', async () => {
    const { reporter, brief, flushed } = await open(({ sequence }) => ({
      data: { applied: sequence > 40, sequence: Math.max(40, sequence) },
    }));
    reporter.report('c', ['a']);
    await flushed();
    expect(brief()).toEqual([
      [4, ['a']],
      [41, ['a', 'b']],
    ]);
  });

  it('tell all steps when the OC lacks some that it was told of before', async () => {
    const { reporter, journal, brief, flushed } = await open((report) =>
      report.steps.length < 2 ? fault('INVALID', { field: 'input.status' }) : applied(report),
    );
    journal.update('c', { status: 'SUCCEEDED' });
    reporter.report('c', ['b']);
    await flushed();
    expect(brief()).toEqual([
      [4, ['b']],
      [5, ['a', 'b']],
    ]);
    expect(journal.commands.get('c')?.told).toBe(true);
  });

  it('end when the OC takes none any more', async () => {
    const ended = await open(() => ({ data: { applied: false, sequence: 3 } }));
    ended.reporter.report('c', []);
    await ended.flushed();
    expect(ended.dropped, 'it has ended there, not here').toEqual(['c']);
    ended.journal.update('c', { status: 'ABORTED' });
    ended.reporter.report('c', []);
    await ended.flushed();
    expect(ended.journal.commands.get('c')?.told).toBe(true);

    const unknown = await open(() => fault('NOT_FOUND'));
    unknown.reporter.report('c', []);
    await unknown.flushed();
    expect(unknown.dropped).toEqual(['c']);
    expect(unknown.reports()).toHaveLength(1);
  });

  it('say when to ask again, where the driver is busy', async () => {
    const { reporter, journal, reports, flushed } = await open(applied);
    journal.update('c', { status: 'REFUSED', statusReason: 'A backup runs.', retryAfterSeconds: 40 });
    reporter.report('c', []);
    await flushed();
    expect(reports()[0]).toMatchObject({ status: 'REFUSED', retryAfterSeconds: 40 });
    expect(journal.commands.get('c')?.told).toBe(true);
  });

  it('do not end a command that was put off and is issued again before the answer', async () => {
    const opened: Awaited<ReturnType<typeof open>> = await open((report) => {
      if (report.status === 'REFUSED')
        opened.journal.update('c', { status: 'RUNNING', retryAfterSeconds: null, told: false });
      return applied(report);
    });
    opened.journal.update('c', { status: 'REFUSED', retryAfterSeconds: 40 });
    opened.reporter.report('c', []);
    await opened.flushed();
    expect(opened.journal.commands.get('c')).toMatchObject({ status: 'RUNNING', told: false });
  });

  it('that are refused do not hold up those of other commands; a lost role stops all', async () => {
    const { reporter, journal, reports, flushed } = await open((report) =>
      report.commandId === 'c' ? fault('INVALID') : applied(report),
    );
    journal.put(acceptCommand(issued('d', [['a']])));
    reporter.report('c', []);
    reporter.report('d', []);
    await flushed();
    expect(reports().map(({ commandId }) => commandId)).toEqual(['c', 'd']);

    const stale = await open(() => fault('CONFLICT', { field: 'input.epoch' }));
    stale.reporter.report('c', []);
    await stale.flushed();
    expect(stale.rolesLost()).toBe(1);
    expect(stale.reports()).toHaveLength(1);
  });

  it('are not sent when a rival acts and their number cannot be written down', async () => {
    const { reporter, journal, guard, reports, flushed } = await open(applied);
    journal.put(acceptCommand(issued('d', [['a']])));
    guard.rivalActs();
    reporter.report('c', []);
    reporter.report('d', []);
    await flushed();
    expect(reports()).toEqual([]);
    expect(journal.commands.get('c')?.sequence).toBe(3);
  });
});
