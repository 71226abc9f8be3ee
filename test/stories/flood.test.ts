import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { operator } from '../harness/operator.ts';
import type { Answer } from '../harness/client.ts';
import { until } from '../harness/until.ts';

/** So many reports are on their way at any time. */
const FLOOD = 40;

describe('a manager that floods the OC with reports', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 300 });
  });
  afterAll(() => oc.stop());
  const { start, operation, ended, cluster } = operator(() => oc);

  it('holds up nobody: what other clusters report meanwhile is answered, and their operations come to their end', async () => {
    const flooding = await cluster('flooding', 'a');
    const others = await Promise.all(['calm-1', 'calm-2', 'calm-3'].map((name) => cluster(name, 'a')));
    const restart = (clusterIds: string[]) => ({ kind: 'RESTART', targets: { clusterIds } });
    const id = await start(restart([flooding.clusterId]));
    const calm = await start(restart(others.map(({ clusterId }) => clusterId)));
    const [{ node }] = (await operation(id)).commands.edges;
    const lines = others.map((manager) => manager.commands());
    const issued = await until('their commands', () => {
      const all = lines.map(({ events }) => events[0]?.id as string | undefined);
      return all.every(Boolean) && (all as string[]);
    });

    const answers: Answer[] = [];
    let sequence = 0;
    let over = false;
    const flood = Array.from({ length: FLOOD }, async () => {
      while (!over) {
        sequence += 1;
        const report = { commandId: node.id, sequence, status: 'RUNNING', waitingFor: `Report ${sequence}.` };
        answers.push(await flooding.reportCommand(report));
      }
    });
    await until('the flood has begun', () => answers.length > 0);
    await Promise.all(
      others.map(async (manager, n) => {
        const steps = [{ nodeName: 'a', status: 'SUCCEEDED' }];
        const report = { commandId: issued[n], sequence: 1, status: 'SUCCEEDED', steps };
        expect((await manager.reportCommand(report)).data.reportCommand.applied).toBe(true);
      }),
    );
    expect((await ended(calm)).status).toBe('SUCCEEDED');

    over = true;
    await Promise.all(flood);
    const codes = answers.flatMap(({ errors }) => errors ?? []).map(({ extensions }) => extensions.code);
    expect(
      codes.filter((code) => code !== 'UNAVAILABLE'),
      'or is told to come later',
    ).toEqual([]);
    const last = { commandId: node.id, sequence: sequence + 1, status: 'SUCCEEDED' };
    await flooding.reportCommand({ ...last, steps: [{ nodeName: 'a', status: 'SUCCEEDED' }] });
    expect((await ended(id)).status, 'it is heard as any, once it is calm').toBe('SUCCEEDED');
    for (const line of lines) line.close();
  });
});
