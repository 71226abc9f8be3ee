import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockManager } from './lock.ts';
import { startOf } from './process-identity.ts';
import { temporaryFolder } from './testing/folder.ts';

const holder = (pid: number, start: string | null, nonce = '5') => JSON.stringify({ pid, start, nonce });
/** What a process leaves that was killed and whose id was given out again. */
const dead = (nonce?: string) => holder(process.pid, 'of a process before, with the same id', nonce);

/** A process of its own that takes the locks that it is told to. */
async function startTaker() {
  const program = join(import.meta.dirname, 'testing', 'take-lock.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => (await lines.next()).value as string;
  expect(await answer()).toBe('ready');
  return {
    pid: child.pid!,
    take: (path: string) => {
      child.stdin.write(`${path}\n`);
      return answer();
    },
  };
}

describe('the lock of a manager', () => {
  it('is one process’s, until that gives it back', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'home', 'lock.json');
    const unlock = lockManager(path);
    expect(() => lockManager(path)).toThrow(`This manager runs already, as process ${process.pid}`);
    unlock();
    expect(readdirSync(join(folder, 'home'))).toEqual([]);
    lockManager(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
  });

  it('is taken over from a process that is gone, and not from one that runs', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'lock.json');
    writeFileSync(path, dead());
    writeFileSync(`${path}.after-5`, dead('6'));
    lockManager(path);
    expect(readdirSync(folder)).toEqual(['lock.json']);
    writeFileSync(path, holder(process.ppid, startOf(process.ppid)));
    expect(() => lockManager(path)).toThrow(`This manager runs already, as process ${process.ppid}`);
  });

  it('goes to exactly one of several that start at once', async () => {
    const takers = await Promise.all(Array.from({ length: 4 }, startTaker));
    for (let round = 0; round < 50; round += 1) {
      const path = join(temporaryFolder(), 'lock.json');
      if (round % 2 === 1) writeFileSync(path, dead());
      const answers = await Promise.all(takers.map(({ take }) => take(path)));
      expect(answers.filter((answer) => answer === 'locked')).toHaveLength(1);
      const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid: number };
      expect(takers[answers.indexOf('locked')]!.pid).toBe(pid);
    }
  });

  it('is left alone when it cannot be understood, or is another’s by now', () => {
    const path = join(temporaryFolder(), 'lock.json');
    writeFileSync(path, '{');
    expect(() => lockManager(path)).toThrow('delete the file');
    writeFileSync(path, dead());
    const unlock = lockManager(path);
    writeFileSync(path, dead());
    unlock();
    expect(readFileSync(path, 'utf8')).toBe(dead());
  });
});
