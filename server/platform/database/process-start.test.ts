import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { processStart, startFromPs } from './process-start.ts';

describe('the start of a process', () => {
  it('stays the same while it runs', async () => {
    const start = await processStart(process.pid);
    expect(start).toBeDefined();
    expect(await processStart(process.pid)).toBe(start);
  });

  it('is unknown of a process that is gone, also while its parent has not noticed', async () => {
    // `exec` makes the shell a program that never asks after the child it inherited.
    const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000']);
    try {
      const { value } = await createInterface({ input: parent.stdout })[Symbol.asyncIterator]().next();
      const pid = Number(value);
      expect(await processStart(pid)).toBeDefined();
      process.kill(pid, 'SIGKILL');
      await vi.waitUntil(async () => (await processStart(pid)) === undefined, { timeout: 30_000 });
      expect(() => process.kill(pid, 0)).not.toThrow();
    } finally {
      parent.kill('SIGKILL');
    }
  });
});

describe('the start of a process where there is no /proc', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'oc-ps-'));
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  async function psAnswers(script: string): Promise<void> {
    await writeFile(join(folder, 'ps'), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, 'ps'), 0o755);
  }

  it('is what ps says', async () => {
    await psAnswers(`echo 'Ss+  Tue Nov 24 17:51:55 2026    '`);
    expect(await startFromPs(7)).toBe('Tue Nov 24 17:51:55 2026');
  });

  it('is unknown when ps finds no process, or one that has ended', async () => {
    await psAnswers('exit 1');
    expect(await startFromPs(7)).toBeUndefined();
    await psAnswers(`echo 'Z+   Tue Nov 24 17:51:55 2026'`);
    expect(await startFromPs(7)).toBeUndefined();
  });

  it('is no guess when ps fails', async () => {
    await psAnswers('echo broken; exit 1');
    await expect(startFromPs(7)).rejects.toThrow();
  });
});
