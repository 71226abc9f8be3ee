import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ABORT, START, operator } from '../harness/operator.ts';
import { Oc } from '../harness/oc.ts';
import { firstAdministrator, person } from '../harness/people.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const FREEZE = `mutation ($input: CreateFreezeInput!) { createFreeze(input: $input) { id isOn clusters { names } } }`;
const WINDOW = `mutation ($input: CreateMaintenanceWindowInput!) {
  createMaintenanceWindow(input: $input) { id openUntil opensAt }
}`;
const WAITING = `query ($id: ID!) { operation(id: $id) {
  status startsAt startedAt finishedAt overrideReason expiresInSeconds hold { rule reason freedBy since }
  waves { status hold { rule } }
  commands { edges { node { id status issuedAt expiresAt cluster { name } hold { rule reason freedBy } } } }
} }`;

interface Seen {
  cluster: { name: string };
}

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

  it('waits for a freeze in the clusters that are frozen; the others of its wave go on', async () => {
    const [frozen, free] = [await cluster('frozen', 'a'), await cluster('free', 'a')];
    const ends = inSeconds(6);
    const { createFreeze } = await oc.client.data(FREEZE, {
      input: { clusters: { names: ['frozen'] }, until: ends, reason: 'month end' },
    });
    expect(createFreeze).toMatchObject({ isOn: true, clusters: { names: ['frozen'] } });
    const plan = { kind: 'RESTART', targets: { clusterIds: [frozen.clusterId, free.clusterId] } };
    const { planOperation } = await oc.client.data(
      `query ($input: OperationInput!) {
        planOperation(input: $input) { clusters { edges { node { cluster { name } hold { rule } } } } }
      }`,
      { input: plan },
    );
    expect(
      planOperation.clusters.edges.map(({ node }: { node: object }) => node),
      'it is said beforehand',
    ).toEqual([
      { cluster: { name: 'free' }, hold: null },
      { cluster: { name: 'frozen' }, hold: { rule: 'FREEZE' } },
    ]);
    const id = await start(plan);
    const of = async (name: string) =>
      (await look(id)).commands.find((one: Seen) => one.cluster.name === name);
    expect(await of('free')).toMatchObject({ status: 'PENDING' });
    const reason = `frozen is frozen until ${ends}: month end`;
    expect(await of('frozen')).toMatchObject({ status: 'PLANNED', hold: { rule: 'FREEZE', reason } });
    expect((await look(id)).hold, 'as long as another one is under way it moves').toBeNull();
    const { id: commandId } = await of('free');
    const steps = [{ nodeName: 'a', status: 'SUCCEEDED' }];
    await free.reportCommand({ commandId, sequence: 1, status: 'SUCCEEDED', steps });
    const hold = { rule: 'FREEZE', reason: `Of Wave “all” 1 cluster must wait. ${reason}` };
    await until('the wave says what it waits for', async () => {
      const seen = await look(id);
      return seen.hold?.reason === hold.reason && seen.waves[0].hold?.rule === 'FREEZE';
    });
    const issued = await until('it is issued by itself', async () => {
      const command = await of('frozen');
      return command.status === 'PENDING' && command;
    });
    expect(issued.issuedAt >= ends).toBe(true);
  });

  it('waits for a maintenance window where a cluster has one, and begins in it', async () => {
    const manager = await WireManager.join(oc.client, 'windowed', 'windowed-m1', 'process', [
      { key: 'tier', value: 'careful' },
    ]);
    await manager.snapshot(running('a'));
    const far = new Date(Date.now() + 40 * 86_400_000);
    const window = {
      name: 'quarterly',
      clusters: { labels: [{ key: 'tier', value: 'careful' }] },
      schedule: `0 3 ${far.getUTCDate()} ${far.getUTCMonth() + 1} *`,
      timeZone: 'UTC',
      durationSeconds: 3600,
      reason: 'as agreed',
    };
    const { createMaintenanceWindow: quarterly } = await oc.client.data(WINDOW, { input: window });
    expect(quarterly.openUntil).toBeNull();
    const id = await start(restart(manager.clusterId));
    const freedBy = `It is free at ${quarterly.opensAt}, or when someone makes or removes a window.`;
    expect(await look(id)).toMatchObject({
      hold: { rule: 'WINDOW' },
      commands: [{ status: 'PLANNED', hold: { rule: 'WINDOW', freedBy } }],
    });
    await oc.client.data(WINDOW, { input: { ...window, name: 'now', schedule: '* * * * *' } });
    await until('it is issued', async () => (await look(id)).commands[0].status === 'PENDING');
    for (const [input, field] of [
      [{ schedule: '* * *' }, 'schedule'],
      [{ schedule: '0 0 30 2 *' }, 'schedule'],
      [{ timeZone: 'Nowhere/Land' }, 'timeZone'],
      [{ clusters: {} }, 'clusters'],
    ] as const) {
      const fault = await oc.client.fault(WINDOW, { input: { ...window, ...input } });
      expect(fault.extensions).toMatchObject({ code: 'INVALID', field: `input.${field}` });
    }
  });

  it('heeds no freeze with an override, for which there is a reason', async () => {
    const manager = await cluster('urgent', 'a');
    const { createFreeze } = await oc.client.data(FREEZE, {
      input: { clusters: { names: ['urgent'] }, until: inSeconds(3600), reason: 'quiet' },
    });
    const id = await start(restart(manager.clusterId), { override: { reason: 'a hole that is open' } });
    expect(await look(id)).toMatchObject({
      overrideReason: 'a hole that is open',
      commands: [{ status: 'PENDING' }],
    });
    const { auditLog } = await oc.client.data(
      '{ auditLog(first: 1, filter: { action: ["startOperation"] }) { edges { node { detail } } } }',
    );
    expect(JSON.stringify(auditLog)).toContain('a hole that is open');
    const next = await start(restart(manager.clusterId));
    expect(await look(next)).toMatchObject({ hold: { rule: 'FREEZE' } });
    const { freezes } = await oc.client.data(
      'query ($id: ID!) { freezes(filter: { clusterId: $id }) { totalCount edges { node { id } } } }',
      { id: manager.clusterId },
    );
    expect(freezes).toEqual({ totalCount: 1, edges: [{ node: { id: createFreeze.id } }] });
    await oc.client.data('mutation ($id: ID!) { removeFreeze(input: { id: $id }) { id } }', {
      id: createFreeze.id,
    });
    await until('it goes on', async () => (await look(next)).commands[0].status === 'PENDING');
  });

  it('runs late, or expires, as it was said', async () => {
    const manager = await cluster('late', 'a');
    const late = await start({ ...restart(manager.clusterId), lateness: 'RUN_LATE' });
    expect(await look(late)).toMatchObject({ expiresInSeconds: null, commands: [{ expiresAt: null }] });
    const expires = await start({ ...restart(manager.clusterId), expiresInSeconds: 60 });
    const [{ issuedAt, expiresAt }] = (await look(expires)).commands;
    expect(Date.parse(expiresAt) - Date.parse(issuedAt)).toBe(60_000);
  });

  it('begins at the next time of a schedule, by the clocks of a time zone', async () => {
    const manager = await cluster('scheduled', 'a');
    const plan = restart(manager.clusterId);
    const far = new Date(Date.now() + 40 * 86_400_000);
    const startsOn = {
      schedule: `30 12 ${far.getUTCDate()} ${far.getUTCMonth() + 1} *`,
      timeZone: 'Asia/Kolkata',
    };
    const key = randomUUID();
    const id = await start(plan, { startsOn, idempotencyKey: key });
    const day = far.toISOString().slice(0, 10);
    // Half past twelve there is seven in UTC, in each season.
    expect(await look(id)).toMatchObject({ status: 'PENDING', startsAt: `${day}T07:00:00.000Z` });
    expect(await start(plan, { startsOn, idempotencyKey: key }), 'the same request').toBe(id);
    const input = { plan, reason: 'r', idempotencyKey: randomUUID() };
    for (const [more, field] of [
      [{ startsOn, startsAt: inSeconds(60) }, 'startsOn'],
      [{ startsOn: { ...startsOn, schedule: 'soon' } }, 'startsOn.schedule'],
      [{ startsOn: { ...startsOn, schedule: '0 0 30 2 *' } }, 'startsOn.schedule'],
      [{ startsOn: { ...startsOn, timeZone: 'Nowhere/Land' } }, 'startsOn.timeZone'],
    ] as const) {
      const { extensions } = await oc.client.fault(START, { input: { ...input, ...more } });
      expect(extensions).toMatchObject({ code: 'INVALID', field: `input.${field}` });
    }
    await oc.client.data(ABORT, { id });
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

describe('the calendar', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ auth: true, leaseSeconds: 300 });
  });
  afterAll(() => oc.stop());

  it('is for who may operate all of the clusters, and tells of no others', async () => {
    const ann = await firstAdministrator(oc);
    for (const name of ['mine', 'other']) {
      const manager = await WireManager.join(ann, name, `${name}-m1`, 'process', [
        { key: 'of', value: name },
      ]);
      await manager.snapshot(running('a'));
    }
    const grants = [{ role: 'OPERATOR' as const, clusters: { names: ['mine'] } }];
    const { browser: bob } = await person(ann, 'Bob', grants);
    const freeze = (clusters: object | null) => ({
      input: { clusters, until: new Date(Date.now() + 3_600_000).toISOString(), reason: 'r' },
    });
    for (const clusters of [
      null,
      { names: ['other'] },
      { names: ['mine', 'nowhere'] },
      { labels: [{ key: 'of', value: 'other' }] },
      { labels: [{ key: 'of', value: 'nobody' }] },
    ])
      expect((await bob.fault(FREEZE, freeze(clusters))).extensions.code).toBe('FORBIDDEN');
    await bob.data(FREEZE, freeze({ names: ['mine'] }));
    await bob.data(FREEZE, freeze({ labels: [{ key: 'of', value: 'mine' }] }));
    const { createFreeze: hidden } = await ann.data(FREEZE, freeze({ names: ['other'] }));
    const { createFreeze: shared } = await ann.data(FREEZE, freeze({ names: ['mine', 'other'] }));
    const { createFreeze: all } = await ann.data(FREEZE, freeze(null));
    const { freezes } = await bob.data('{ freezes { totalCount edges { node { id clusters { names } } } } }');
    expect(freezes.totalCount).toBe(4);
    const seen = freezes.edges.map(({ node }: { node: unknown }) => node);
    expect(seen).toContainEqual({ id: shared.id, clusters: { names: ['mine'] } });
    expect(seen).toContainEqual({ id: all.id, clusters: null });
    const remove = 'mutation ($id: ID!) { removeFreeze(input: { id: $id }) { id } }';
    expect((await bob.fault(remove, { id: hidden.id })).extensions.code).toBe('NOT_FOUND');
    expect((await bob.fault(remove, { id: shared.id })).extensions.code).toBe('FORBIDDEN');

    const { clusters } = await bob.data('{ clusters { edges { node { id } } } }');
    const plan = { kind: 'RESTART', targets: { clusterIds: [clusters.edges[0].node.id] } };
    const input = { plan, reason: 'r', idempotencyKey: randomUUID(), override: { reason: 'now' } };
    expect((await bob.fault(START, { input })).extensions.code).toBe('FORBIDDEN');
  });
});
