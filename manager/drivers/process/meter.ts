import type { NodeSamples } from '../driver.ts';
import { usageOfGroups } from './usage.ts';

/** What was read of a process before. */
interface Reading {
  pid: number;
  cpuSeconds: number;
  /** By the monotonic clock, seconds. */
  at: number;
}

/** Measures workers: each is the leader of a process group. */
export class Meter {
  private readings = new Map<string, Reading>();

  constructor(private readonly usage = usageOfGroups) {}

  /**
   * `memory.rss`, in bytes, and `cpu.total`, in per cent of one processor since the last time: from the second time on
   * that the same process is looked at.
   */
  async measure(running: readonly { name: string; pid: number }[]): Promise<NodeSamples[]> {
    const usages = await this.usage();
    const now = performance.now() / 1000;
    const at = new Date().toISOString();
    const before = this.readings;
    this.readings = new Map();
    return running.flatMap(({ name, pid }) => {
      const usage = usages.get(pid);
      if (!usage) return [];
      const { cpuSeconds, residentBytes } = usage;
      this.readings.set(name, { pid, cpuSeconds, at: now });
      const samples = [{ name: 'memory.rss', value: residentBytes, at }];
      const last = before.get(name);
      // What a process of the group has used that has ended may be gone with it.
      if (last?.pid === pid && now > last.at && cpuSeconds >= last.cpuSeconds) {
        const value = (100 * (cpuSeconds - last.cpuSeconds)) / (now - last.at);
        samples.push({ name: 'cpu.total', value, at });
      }
      return [{ name, samples }];
    });
  }
}
