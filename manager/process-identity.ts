import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A running process, told apart from a later one that got the same id. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque; equal for the same process only. */
  start: string;
}

const onLinux = process.platform === 'linux';

/** When the process with this id started, as an opaque text; null when there is none or it is a zombie. */
export function startOf(pid: number): string | null {
  return onLinux ? (linuxStat(pid)?.start ?? null) : psStart(pid);
}

export const isAlive = ({ pid, start }: ProcessIdentity): boolean => startOf(pid) === start;

/**
 * The process group leader whose environment holds `variable=value`; null when there is none, or where other
 * processes' environments cannot be read (elsewhere than on Linux).
 */
export function findByEnvironment(variable: string, value: string): ProcessIdentity | null {
  if (!onLinux) return null;
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = linuxStat(pid);
    if (stat?.group === pid && environmentOf(pid).includes(`${variable}=${value}`)) {
      return { pid, start: stat.start };
    }
  }
  return null;
}

/** Start in clock ticks since boot (field 22 of /proc/PID/stat), with the boot's id: ticks begin anew with each boot. */
function linuxStat(pid: number): { start: string; group: number } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  if (state === 'Z' || state === 'X') return null;
  return { start: `${fields[19]}@${bootId()}`, group: Number(group) };
}

let boot: string | undefined;
function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  return boot;
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function psStart(pid: number): string | null {
  try {
    const text = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [state, ...start] = text.trim().split(/\s+/);
    return state && !state.startsWith('Z') ? start.join(' ') : null;
  } catch {
    return null;
  }
}
