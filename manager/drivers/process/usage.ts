import { execFile, execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What the processes of a group have used together, and use now. */
export interface Usage {
  /** Of the processor since their start, seconds. */
  cpuSeconds: number;
  /** In memory, bytes. */
  residentBytes: number;
}

/** What each process group uses, by its id. */
export const usageOfGroups = (): Promise<Map<number, Usage>> =>
  process.platform === 'linux' ? usageByProc() : usageByPs();

async function usageByProc(): Promise<Map<number, Usage>> {
  const groups = new Map<number, Usage>();
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  await Promise.all(
    pids.map(async (pid) => {
      // One that has ended meanwhile uses nothing.
      const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
      if (text === undefined) return;
      // See process-identity.ts. Those that were waited for have left their times to their parent.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      add(groups, Number(fields[2]), ticks / unit('CLK_TCK'), Number(fields[21]) * unit('PAGESIZE'));
    }),
  );
  return groups;
}

async function usageByPs(): Promise<Map<number, Usage>> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pgid=,time=,rss=']);
  const groups = new Map<number, Usage>();
  for (const line of stdout.split('\n')) {
    const [group, time, kilobytes] = line.trim().split(/\s+/);
    if (kilobytes !== undefined) add(groups, Number(group), secondsOf(time!), Number(kilobytes) * 1024);
  }
  return groups;
}

function add(groups: Map<number, Usage>, group: number, cpuSeconds: number, residentBytes: number): void {
  const usage = groups.get(group) ?? { cpuSeconds: 0, residentBytes: 0 };
  usage.cpuSeconds += cpuSeconds;
  usage.residentBytes += residentBytes;
  groups.set(group, usage);
}

/** Of the time that `ps` tells: `[[days-]hours:]minutes:seconds`. */
export function secondsOf(time: string): number {
  const [clock, days = '0'] = time.split('-').reverse() as [string, string?];
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
}

const units = new Map<string, number>();
/** In which the kernel counts; it stays what it is. */
function unit(name: 'CLK_TCK' | 'PAGESIZE'): number {
  const known = units.get(name) ?? Number(execFileSync('getconf', [name], { encoding: 'utf8' }));
  units.set(name, known);
  return known;
}
