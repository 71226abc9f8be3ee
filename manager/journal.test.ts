import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Guard } from './drivers/driver.ts';
import { Fenced } from './fence.ts';
import { Journal, type CommandRecord, type StepRecord } from './journal.ts';
import { temporaryFolder } from './testing/folder.ts';
import { silent } from './testing/silent.ts';
import { fenceable, unfenced } from './testing/unfenced.ts';

const stepOf = (nodeName: string): StepRecord => ({
  nodeName,
  batch: 0,
  status: 'PENDING',
  skipRequested: false,
  pauseRequested: false,
  reason: null,
  output: [],
  instanceBefore: null,
  instanceAfter: null,
  startedAt: null,
  finishedAt: null,
});
const command = (id: string): CommandRecord => ({
  id,
  kind: 'RESTART',
  mode: 'GRACEFUL',
  rolling: null,
  status: 'ACCEPTED',
  statusReason: null,
  retryAfterSeconds: null,
  waitingFor: null,
  pauseRequested: false,
  abortRequested: false,
  abortAtOnce: false,
  dropped: false,
  stoppedBefore: null,
  sequence: 0,
  told: false,
  steps: [stepOf('a'), stepOf('b')],
});
const open = (path: string, epoch = 1, guard: Guard = unfenced) => Journal.open(path, epoch, guard, silent);

describe('the journal', () => {
  it('knows after a restart all that was written', () => {
    const path = join(temporaryFolder(), 'journal.jsonl');
    const before = open(path);
    before.put(command('1'));
    before.put(command('2'));
    before.put(command('3'));
    before.update('1', { status: 'RUNNING', sequence: 7 }, [
      { ...stepOf('b'), status: 'STOPPING', instanceBefore: 'pid 1' },
    ]);
    before.drop('2');
    before.close();
    const after = open(path, 2);
    expect([...after.commands.keys()]).toEqual(['1', '3']);
    expect(after.commands.get('1')).toEqual({
      ...command('1'),
      status: 'RUNNING',
      sequence: 7,
      steps: [stepOf('a'), { ...stepOf('b'), status: 'STOPPING', instanceBefore: 'pid 1' }],
    });
    after.close();
  });

  it('reads what a version wrote that knew of no pause, no skip and no busy driver', () => {
    const path = join(temporaryFolder(), 'journal.jsonl');
    const step = { ...stepOf('a'), skipRequested: undefined, pauseRequested: undefined };
    const rolling = {
      batchSize: 1,
      maxUnavailable: 1,
      healthTimeoutSeconds: 30,
      pauseSeconds: 0,
      stopAfterFailures: 1,
    };
    const put = {
      ...command('1'),
      rolling,
      ...{ pauseRequested: undefined, abortAtOnce: undefined, retryAfterSeconds: undefined },
      steps: [step],
    };
    const checked = { ...step, status: 'CHECKING' };
    const lines = [
      { epoch: 1, id: '1', put },
      { epoch: 1, id: '1', head: { status: 'RUNNING' }, steps: [checked] },
      { epoch: 1, id: '2', put: { ...put, id: '2', rolling: null } },
    ];
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const journal = open(path, 2);
    expect(journal.commands.get('1')).toEqual({
      ...command('1'),
      status: 'RUNNING',
      rolling: { ...rolling, minHealthySeconds: 0 },
      steps: [{ ...stepOf('a'), status: 'CHECKING' }],
    });
    expect(journal.commands.get('2')).toEqual({ ...command('2'), steps: [stepOf('a')] });
    journal.close();
  });

  it('passes over lines that are JSON and no command', () => {
    const path = join(temporaryFolder(), 'journal.jsonl');
    const before = open(path);
    before.put(command('1'));
    before.close();
    appendFileSync(path, '5\n{}\nnull\n{"epoch":1,"id":"zz","put":{}}\n{"epoch":"9","id":"1","drop":true}\n');
    const after = open(path, 2);
    expect([...after.commands]).toEqual([['1', command('1')]]);
    after.close();
  });

  it('is written anew when its folder was removed', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'state', 'journal.jsonl');
    const journal = open(path);
    journal.put(command('1'));
    rmSync(join(folder, 'state'), { recursive: true });
    journal.put(command('2'));
    journal.close();
    const after = open(path, 2);
    expect([...after.commands.keys()]).toEqual(['1', '2']);
    after.close();
  });

  it('passes over a last line that a crash cut short, and one that is damaged', () => {
    const path = join(temporaryFolder(), 'journal.jsonl');
    const before = open(path);
    before.put(command('1'));
    before.close();
    appendFileSync(path, 'damaged\n');
    appendFileSync(path, `${JSON.stringify({ epoch: 1, id: '1', head: { status: 'RUNNING' } })}\n`);
    const line = JSON.stringify({ epoch: 1, id: '1', head: { status: 'SUCCEEDED' } });
    appendFileSync(path, line.slice(0, -5));
    const after = open(path);
    expect(after.commands.get('1')?.status).toBe('RUNNING');
    after.update('1', { status: 'FAILED' });
    after.close();
    const again = open(path);
    expect(again.commands.get('1')?.status).toBe('FAILED');
    again.close();
  });

  it('passes over what an earlier primary writes after a later one has begun', () => {
    const path = join(temporaryFolder(), 'journal.jsonl');
    const put = command('1');
    const lines = [
      { epoch: 4, id: '1', put },
      { epoch: 5, id: '1', head: { status: 'RUNNING' } },
      { epoch: 4, id: '1', head: { status: 'FAILED' } },
    ];
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const journal = open(path, 6);
    expect(journal.commands.get('1')?.status).toBe('RUNNING');
    journal.close();
  });

  it('of an earlier primary is not put back over that of a later one', () => {
    const path = join(temporaryFolder(), 'journal.jsonl');
    const guard = fenceable();
    const earlier = open(path, 1, guard);
    earlier.put(command('1'));
    const later = open(path, 2);
    later.update('1', { status: 'RUNNING' });
    guard.rivalActs();
    expect(() => earlier.update('1', { status: 'FAILED' })).toThrow(Fenced);
    expect(() => earlier.drop('1')).toThrow(Fenced);
    expect(earlier.commands.get('1')?.status).toBe('ACCEPTED');
    earlier.close();
    later.close();
    const after = open(path, 3);
    expect(after.commands.get('1')?.status).toBe('RUNNING');
    after.close();
  });

  it('stays small: what was told is kept for the last commands only', () => {
    const path = join(temporaryFolder(), 'journal.jsonl');
    const journal = open(path);
    for (let n = 0; n < 60; n += 1) {
      journal.put(command(String(n)));
      journal.update(String(n), { status: 'SUCCEEDED', told: n !== 0 });
    }
    journal.close();
    const after = open(path);
    expect(after.commands.size, '50 that were told, and the one that was not').toBe(51);
    expect(after.commands.has('0')).toBe(true);
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(51);
    after.close();
  });
});
