import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync } from 'node:fs';
import { isAlive, startOf, type ProcessIdentity } from '../../process-identity.ts';
import type { WorkerSpec } from './config.ts';
import type { WorkerOutput } from './output.ts';
import { LAUNCH_VARIABLE } from './records.ts';

export interface WatchedProcess {
  pid: number;
  /** See ProcessIdentity; null when it ended before it could be asked. */
  start: string | null;
  /** Calls `ended` once with how it ended ("exited with code 1"). Returns the way to stop listening. */
  onEnd(ended: (how: string) => void): () => void;
}

/** How often a process that is not this manager's child is looked at, milliseconds. */
const POLL_MS = 200;

/**
 * Starts a worker that does not depend on the manager: a process group of its own, its output in a file.
 *
 * The process exists when this returns, so that the caller can note it in the same turn; a failure comes as a promise,
 * for that is how Node tells it.
 */
export function launchWorker(
  spec: WorkerSpec,
  mark: string,
  output: WorkerOutput,
): WatchedProcess | Promise<Error> {
  const [program, ...args] = spec.command as [string, ...string[]];
  let file: number | undefined;
  let child: ChildProcess;
  try {
    file = output.open();
    child = spawn(program, args, {
      cwd: spec.cwd,
      // The manager's enrolment token is no business of its workers.
      env: { ...process.env, OC_TOKEN: undefined, ...spec.env, [LAUNCH_VARIABLE]: mark },
      stdio: ['ignore', file, file],
      detached: true,
    });
  } catch (error) {
    return Promise.resolve(error as Error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
  if (child.pid === undefined) return once(child, 'error').then(([error]) => explain(error as Error, spec));
  child.unref();
  return {
    pid: child.pid,
    start: startOf(child.pid),
    onEnd(ended) {
      const exit = (code: number | null, signal: string | null) =>
        ended(signal ? `was ended by ${signal}` : `exited with code ${code}`);
      child.once('exit', exit);
      return () => child.off('exit', exit);
    },
  };
}

/** A worker that another manager has started: its end is seen by looking. */
export function adoptWorker(identity: ProcessIdentity): WatchedProcess {
  return {
    ...identity,
    onEnd(ended) {
      const timer = setInterval(() => {
        if (isAlive(identity)) return;
        clearInterval(timer);
        ended('ended (how is not known, as another manager had started it)');
      }, POLL_MS);
      return () => clearInterval(timer);
    },
  };
}

/** Signals a worker and what it has started itself; one that is gone already is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends what a worker that is gone had started itself: it would hold the worker's port. @throws Error */
export function killLeftOver(pid: number): void {
  // Else another process has that id by now: the group is not the worker's any more.
  if (startOf(pid) === null) signalGroup(pid, 'SIGKILL');
}

function explain(error: NodeJS.ErrnoException, { command: [program], cwd }: WorkerSpec): Error {
  if (error.code === 'ENOENT' && !existsSync(cwd)) return new Error(`the folder ${cwd} does not exist`);
  if (error.code === 'ENOENT') return new Error(`the command ${program} is not found`);
  if (error.code === 'EACCES') return new Error(`the command ${program} may not be executed`);
  return error;
}
