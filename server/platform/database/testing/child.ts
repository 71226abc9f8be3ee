import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A real process of its own for tests that are about processes. */
export interface Child {
  pid: number;
  /** The next line that it prints; rejects with its error output when it ends before. */
  nextLine(): Promise<string>;
  send(line: string): void;
  /** Resolves when it is gone. */
  kill(): Promise<void>;
  exited: Promise<unknown>;
}

/** Starts one of the programs beside this file. */
export function startChild(program: 'hold-lock.ts' | 'write-rows.ts', ...args: string[]): Child {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], { stdio: 'pipe' });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return {
    pid: child.pid!,
    async nextLine() {
      const line = await lines.next();
      if (line.done) throw new Error(`${program} ended: ${errors}`);
      return line.value;
    },
    send: (line) => void child.stdin.write(`${line}\n`),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    exited,
  };
}
