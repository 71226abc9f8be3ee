import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { isAlive, startOf } from './process-identity.ts';
import { until } from './testing/until.ts';

it('a process is alive until it ends, and is not mistaken for another', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = child.pid!;
  const start = startOf(pid)!;
  expect(startOf(pid)).toBe(start);
  expect(isAlive({ pid, start })).toBe(true);
  expect(isAlive({ pid, start: startOf(process.pid)! }), 'another start: another process').toBe(false);
  child.kill('SIGKILL');
  await until('it is gone', () => startOf(pid) === null);
  expect(isAlive({ pid, start })).toBe(false);
});
