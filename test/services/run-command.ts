import { spawn } from 'node:child_process';

/** After being told to stop, a command and all that it started get this long, milliseconds. */
const GRACE_MS = 10_000;

/**
 * Runs a command in a process group of its own with its output shown, and resolves to its exit code (1 when a signal
 * ended it). When it is over, nothing of its group is left running.
 *
 * @throws the signal's reason when `signal` aborts; the command is over by then
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  { env = process.env, signal }: { env?: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<number> {
  signal.throwIfAborted();
  const child = spawn(command, args, { env, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  const group = -(child.pid ?? Number.NaN);
  let deadline: NodeJS.Timeout | undefined;
  const stop = (): void => {
    killGroup(group, 'SIGTERM');
    deadline = setTimeout(() => killGroup(group, 'SIGKILL'), GRACE_MS);
  };
  signal.addEventListener('abort', stop);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code) => resolve(code ?? 1));
    });
    signal.throwIfAborted();
    return exitCode;
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener('abort', stop);
    killGroup(group, 'SIGKILL');
  }
}

function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(group, signal);
  } catch {
    // Nobody is left in the group, or it was never started.
  }
}
