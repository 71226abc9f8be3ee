import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { processStart } from '../../server/platform/database/process-start.ts';
import { runCommand } from './run-command.ts';

let folder: string;
let pidFile: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oc-run-'));
  pidFile = join(folder, 'pid');
});
afterEach(() => rm(folder, { recursive: true }));

const signal = new AbortController().signal;
const shell = (script: string): [string, string[]] => ['sh', ['-c', script, 'sh', pidFile]];

async function expectChildGone(): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8'));
  await vi.waitUntil(async () => (await processStart(pid)) === undefined, { timeout: 30_000 });
}

it('gives the exit code, and leaves nothing running that the command started', async () => {
  expect(await runCommand(...shell('sleep 1000 & echo $! >"$1"; exit 3'), { signal })).toBe(3);
  await expectChildGone();
});

it('ends the command and what it started when it is told to', async () => {
  const controller = new AbortController();
  const running = runCommand(...shell('sleep 1000 & echo $! >"$1.new"; mv "$1.new" "$1"; wait'), {
    signal: controller.signal,
  });
  await vi.waitUntil(() => existsSync(pidFile), { timeout: 30_000 });
  controller.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
  await expectChildGone();
});

it('fails when there is no such command', async () => {
  await expect(runCommand(join(folder, 'nowhere'), [], { signal })).rejects.toThrow('ENOENT');
});
