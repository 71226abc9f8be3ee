import { expect, it } from 'vitest';
import { Meter } from './meter.ts';
import type { Usage } from './usage.ts';

it('tells memory at once, and of the processor what the same process has used meanwhile', async () => {
  let usages: [number, Usage][] = [];
  const meter = new Meter(async () => new Map(usages));
  const measure = async () =>
    (await meter.measure([{ name: 'web-1', pid: 7 }])).map(({ name, samples }) => [
      name,
      ...samples.map((sample) => sample.name),
    ]);
  const used = (cpuSeconds: number) => (usages = [[7, { cpuSeconds, residentBytes: 100 }]]);
  expect(await measure(), 'it has ended').toEqual([]);
  used(1);
  expect(await measure()).toEqual([['web-1', 'memory.rss']]);
  used(3);
  expect(await measure()).toEqual([['web-1', 'memory.rss', 'cpu.total']]);
  const [node] = await meter.measure([{ name: 'web-1', pid: 7 }]);
  expect(node!.samples.map(({ value }) => value)).toEqual([100, 0]);
  used(2);
  expect(await measure(), 'less than before').toEqual([['web-1', 'memory.rss']]);
  usages = [[8, { cpuSeconds: 9, residentBytes: 1 }]];
  const [another] = await meter.measure([{ name: 'web-1', pid: 8 }]);
  expect(
    another!.samples.map(({ name }) => name),
    'another process',
  ).toEqual(['memory.rss']);
});
