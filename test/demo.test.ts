import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Program } from './harness/oc.ts';
import { processesWith } from './harness/processes.ts';
import { rounds } from './harness/rounds.ts';
import { until } from './harness/until.ts';

const times = rounds({ short: 1, full: 200 });
/** The demo itself, its server, four managers and 17 workers. */
const ALL = 23;

describe('the demo', () => {
  it(
    'interrupted at any moment of its start leaves no process and no file behind',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'oc-demo-test-'));
      const mark = `TMPDIR=${folder}`;
      onTestFinished(() => {
        for (const pid of processesWith(mark)) process.kill(Number(pid), 'SIGKILL');
        rmSync(folder, { recursive: true, force: true });
      });
      for (let round = 1; round <= times; round += 1) {
        // First when one manager is there and the others are about to be started.
        const there = round === 1 ? 3 : 2 + Math.floor(Math.random() * (ALL - 1));
        const demo = new Program('demo.js', [], { TMPDIR: folder, PORT: '20500' });
        await until(`${there} processes run`, () => processesWith(mark).length >= there);
        demo.process.kill('SIGINT');
        expect((await demo.ended).code, `interrupted at ${there} processes: ${demo.output}`).toBe(0);
        expect(processesWith(mark), `interrupted at ${there} processes`).toEqual([]);
        expect(readdirSync(folder)).toEqual([]);
      }
    },
    times * 60_000,
  );
});
