import { expect, it } from 'vitest';
import { OcClient } from './client.ts';
import { reportMetrics } from './metrics.ts';
import { silent } from './testing/silent.ts';
import { until } from './testing/until.ts';
import { fault, openWire, type Answer } from './testing/wire.ts';

/** Reports of a driver that counts how often it has measured, of so many nodes. */
async function open(answer: (times: number) => Answer, nodes = 1) {
  const { url, requests } = await openWire(() => answer(requests.length));
  const over = new AbortController();
  let measured = 0;
  let roleLost = 0;
  const ended = reportMetrics({
    client: new OcClient(url, { current: 'ocm_1' }),
    driver: {
      measure: async () => {
        const sample = { name: 'cpu.total', value: ++measured, at: '2026-01-01T00:00:00.000Z' };
        return Array.from({ length: nodes }, (_, n) => ({ name: `web-${n}`, samples: [sample] }));
      },
    },
    epoch: 3,
    everyMs: 1,
    roleLost: () => (roleLost += 1),
    log: silent,
    signal: over.signal,
  });
  type Input = { epoch: number; nodes: { samples: { value: number }[] }[] };
  const told = () => requests.map(({ input }) => input as unknown as Input);
  const end = async () => {
    over.abort();
    await ended;
  };
  return { told, end, ended, rolesLost: () => roleLost };
}
const applied: Answer = { data: { applied: 1 } };

it('are told again and again under the epoch, the newest each time, whatever became of those before', async () => {
  const { told, end } = await open((times) => (times < 3 ? { status: 503 } : applied));
  await until('some are told', () => told().length >= 5);
  await end();
  const values = told().map(({ nodes }) => nodes[0]!.samples[0]!.value);
  expect(values).toEqual(values.map((_, n) => n + 1));
  expect(told()[0]!.epoch).toBe(3);
});

it('of many nodes are told in several messages', async () => {
  const { told, end } = await open(() => applied, 2500);
  await until('all are told', () => told().length >= 3);
  await end();
  expect(
    told()
      .slice(0, 3)
      .map(({ nodes }) => nodes.length),
  ).toEqual([1000, 1000, 500]);
});

it('end with the role', async () => {
  const { told, ended, rolesLost } = await open(() => fault('CONFLICT', { field: 'input.epoch' }));
  await ended;
  expect([told().length, rolesLost()]).toEqual([1, 1]);
});
