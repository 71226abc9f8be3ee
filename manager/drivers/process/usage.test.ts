import { spawn } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../../test/harness/until.ts';
import { secondsOf, usageOfGroups } from './usage.ts';

it('of a group is that of all its processes, and grows with what they do', async () => {
  const work = 'while :; do :; done';
  const leader = spawn('sh', ['-c', `sh -c '${work}' & sleep 1000`], { detached: true, stdio: 'ignore' });
  onTestFinished(() => void process.kill(-leader.pid!, 'SIGKILL'));
  const usage = async () => (await usageOfGroups()).get(leader.pid!);
  let seen = 0;
  // The leader itself sleeps.
  await until('it has used some of the processor', async () => {
    seen = (await usage())?.cpuSeconds ?? 0;
    return seen > 0.05;
  });
  await until('it has used more', async () => (await usage())!.cpuSeconds > seen);
  expect((await usage())!.residentBytes).toBeGreaterThan(100_000);
  expect((await usageOfGroups()).get(2 ** 30)).toBeUndefined();
});

it.each([
  ['00:01', 1],
  ['1:02.50', 62.5],
  ['03:04:05', 11_045],
  ['2-00:00:01', 172_801],
])('of %s is %s seconds', (time, seconds) => {
  expect(secondsOf(time)).toBe(seconds);
});
