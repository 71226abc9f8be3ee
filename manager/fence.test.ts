import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Fence, Fenced } from './fence.ts';
import { temporaryFolder } from './testing/folder.ts';

describe('the fence', () => {
  const fence = (stateDir: string, epoch: number, clusterId = 'c1') =>
    new Fence(stateDir, { clusterId, epoch, manager: `m${epoch}` });

  it('lets the later epoch act, and not the earlier one any more', () => {
    const stateDir = temporaryFolder();
    const first = fence(stateDir, 1);
    first.claim();
    first.check();
    const second = fence(stateDir, 2);
    second.claim();
    expect(() => first.check()).toThrow('m2 acts as primary under epoch 2, after mine (1)');
    expect(() => first.claim()).toThrow(Fenced);
    second.check();
  });

  it('is put up again where it is gone, and where an earlier epoch came in between', () => {
    const stateDir = temporaryFolder();
    const path = join(stateDir, 'epoch');
    const second = fence(stateDir, 2);
    second.claim();
    rmSync(path);
    second.check();
    expect(() => fence(stateDir, 1).claim()).toThrow(Fenced);
    writeFileSync(path, JSON.stringify({ clusterId: 'c1', epoch: 1, manager: 'm1' }));
    second.check();
    expect(() => fence(stateDir, 1).check()).toThrow(Fenced);
  });

  it('holds nothing against a cluster that was made anew, or a file that is none', () => {
    const stateDir = temporaryFolder();
    fence(stateDir, 7).claim();
    fence(stateDir, 1, 'c2').claim();
    writeFileSync(join(stateDir, 'epoch'), 'garbage');
    fence(stateDir, 1).claim();
  });

  it('lets only the later epoch write, and makes up for a folder that was removed', () => {
    const stateDir = temporaryFolder();
    const path = join(stateDir, 'state', 'file');
    const first = fence(stateDir, 1);
    first.claim();
    first.write(path, 'of the first');
    rmSync(stateDir, { recursive: true });
    first.write(path, 'once more');
    const second = fence(stateDir, 2);
    second.claim();
    expect(() => first.write(path, 'too late')).toThrow(Fenced);
    expect(readFileSync(path, 'utf8')).toBe('once more');
    second.write(path, 'of the second');
    expect(readFileSync(path, 'utf8')).toBe('of the second');
  });

  it('stops a write that was under way when the later epoch began: its draft is gone', () => {
    const stateDir = temporaryFolder();
    const path = join(stateDir, 'file');
    const first = fence(stateDir, 1);
    first.claim();
    // Frozen after its look at the fence, the first one does not see the second, which begins and writes.
    vi.spyOn(first, 'check').mockImplementationOnce(() => {
      const second = fence(stateDir, 2);
      second.claim();
      second.write(path, 'of the second');
    });
    expect(() => first.write(path, 'too late')).toThrow(Fenced);
    expect(readFileSync(path, 'utf8')).toBe('of the second');
  });
});
