import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * What tells one life of a process from another that got the same id later: an opaque text that stays the same for
 * as long as the process runs. `undefined` when there is no such process, or only its entry waiting to be reaped.
 */
export function processStart(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

async function startFromProc(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(goneIfMissing);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const ticksSinceBoot = fields[19];
  if (state === 'Z' || state === 'X' || ticksSinceBoot === undefined) return undefined;
  const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  return `${bootId.trim()} ${ticksSinceBoot}`;
}

/** For systems without `/proc`. */
export async function startFromPs(pid: number): Promise<string | undefined> {
  const arguments_ = ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)];
  const result = await promisify(execFile)('ps', arguments_, {
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  }).catch((error: { code?: unknown; stdout?: string }) => {
    // ps answers 1 and nothing when there is no such process; anything else is no answer at all.
    if (error.code === 1 && error.stdout === '') return undefined;
    throw error;
  });
  const [, state, start] = /^\s*(\S+)\s+(.*\S)\s*$/.exec(result?.stdout ?? '') ?? [];
  return state === undefined || state.startsWith('Z') ? undefined : start;
}

function goneIfMissing(error: NodeJS.ErrnoException): undefined {
  // ESRCH: the process ended between opening and reading.
  if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
  throw error;
}
