import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Fence, Fenced } from './fence.ts';
import { lockManager } from './lock.ts';
import { startOf } from './process-identity.ts';
import { temporaryFolder } from './testing/folder.ts';

describe('the fence', () => {
  const fence = (path: string, epoch: number, clusterId = 'c1') =>
    new Fence(path, { clusterId, epoch, manager: `m${epoch}` });

  it('lets the later epoch act, and not the earlier one any more', () => {
    const path = join(temporaryFolder(), 'epoch');
    const first = fence(path, 1);
    first.claim();
    first.check();
    const second = fence(path, 2);
    second.claim();
    expect(() => first.check()).toThrow('m2 acts as primary under epoch 2, after mine (1)');
    expect(() => first.claim()).toThrow(Fenced);
    second.check();
  });

  it('is put up again where it is gone, and where an earlier epoch came in between', () => {
    const path = join(temporaryFolder(), 'epoch');
    const second = fence(path, 2);
    second.claim();
    rmSync(path);
    second.check();
    expect(() => fence(path, 1).claim()).toThrow(Fenced);
    writeFileSync(path, JSON.stringify({ clusterId: 'c1', epoch: 1, manager: 'm1' }));
    second.check();
    expect(() => fence(path, 1).check()).toThrow(Fenced);
  });

  it('holds nothing against a cluster that was made anew, or a file that is none', () => {
    const path = join(temporaryFolder(), 'epoch');
    fence(path, 7).claim();
    fence(path, 1, 'c2').claim();
    writeFileSync(path, 'garbage');
    fence(path, 1).claim();
  });
});

describe('the lock of a manager', () => {
  it('is one process’s, and is taken over from a process that is gone', () => {
    const path = join(temporaryFolder(), 'lock.json');
    const unlock = lockManager(path);
    unlock();
    writeFileSync(path, JSON.stringify({ pid: process.pid, start: 'of a process before, with the same id' }));
    lockManager(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
    writeFileSync(path, JSON.stringify({ pid: process.ppid, start: startOf(process.ppid) }));
    expect(() => lockManager(path)).toThrow(`This manager runs already, as process ${process.ppid}`);
  });
});
