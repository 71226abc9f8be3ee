import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ABORT, START, operator } from '../harness/operator.ts';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';

const WAITING = `query ($id: ID!) { operation(id: $id) {
  status startsAt startedAt finishedAt hold { rule reason freedBy since }
  waves { status hold { rule } }
  commands { edges { node { status issuedAt hold { rule reason freedBy } } } }
} }`;

describe('an operation has its time', () => {
  let oc: Oc;
  beforeAll(async () => {
    // No manager here renews its lease: what is at stake is when work is issued.
    oc = await Oc.start({ leaseSeconds: 300 });
  });
  afterAll(() => oc.stop());

  const { start, cluster } = operator(() => oc);
  const restart = (clusterId: string) => ({ kind: 'RESTART', targets: { clusterIds: [clusterId] } });
  const look = async (id: string) => {
    const { commands, ...operation } = (await oc.client.data(WAITING, { id })).operation;
    return { ...operation, commands: commands.edges.map(({ node }: { node: unknown }) => node) };
  };
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

  it('begins at the time that it was given, and says until then what it waits for', async () => {
    const manager = await cluster('later', 'a');
    const startsAt = inSeconds(5);
    const key = randomUUID();
    const id = await start(restart(manager.clusterId), { startsAt, idempotencyKey: key });
    const hold = { rule: 'START_TIME', reason: `It is to begin at ${startsAt}.` };
    expect(await look(id)).toMatchObject({
      status: 'PENDING',
      startsAt,
      startedAt: null,
      hold,
      waves: [{ status: 'PENDING', hold: { rule: 'START_TIME' } }],
      commands: [{ status: 'PLANNED', issuedAt: null, hold }],
    });
    const issued = await until('it is issued', async () => {
      const [command] = (await look(id)).commands;
      return command.status === 'PENDING' && command;
    });
    expect(issued.issuedAt >= startsAt).toBe(true);
    // The same request once more, by now with a time that is past, answers the same operation.
    expect(await start(restart(manager.clusterId), { startsAt, idempotencyKey: key })).toBe(id);
  });

  it('can be aborted before, and then no manager ever hears of it', async () => {
    const manager = await cluster('never', 'a');
    const id = await start(restart(manager.clusterId), { startsAt: inSeconds(3600) });
    await oc.client.data(ABORT, { id });
    expect(await look(id)).toMatchObject({
      status: 'ABORTED',
      startedAt: null,
      hold: null,
      commands: [{ status: 'ABORTED', issuedAt: null }],
    });
  });

  it('is refused a time that is past or too far away', async () => {
    const manager = await cluster('sometime', 'a');
    for (const startsAt of [inSeconds(-1), inSeconds(366 * 86_400)]) {
      const fault = await oc.client.fault(START, {
        input: { plan: restart(manager.clusterId), reason: 'r', idempotencyKey: randomUUID(), startsAt },
      });
      expect(fault.extensions).toMatchObject({ code: 'INVALID', field: 'input.startsAt' });
    }
  });
});
