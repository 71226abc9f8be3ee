import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

describe('a manager joins', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 60 });
  });
  afterAll(() => oc.stop());

  const register = async (input: object) => WireManager.register(oc.client, input);
  const request = (cluster: string, token: string | null, more: object = {}) => ({
    token,
    cluster: { name: cluster, kind: 'process' },
    manager: { name: `${cluster}-m1`, version: '1', ...more },
  });
  const clusterNames = async () => {
    const { clusters } = await oc.client.data('{ clusters { edges { node { name } } } }');
    return clusters.edges.map(({ node }: { node: { name: string } }) => node.name);
  };

  it('with an enrolment token and a credential of its own, by which it is known from then on', async () => {
    const token = await WireManager.token(oc.client);
    const credential = WireManager.credential();
    const { data } = await register({ ...request('joiner', token), credential });
    expect(data.registerManager).toMatchObject({
      lease: { role: 'PRIMARY', epoch: 1, snapshotWanted: true },
    });
    const cluster = await oc.client.as(credential).data('query ($id: ID!) { cluster(id: $id) { name } }', {
      id: data.registerManager.clusterId,
    });
    expect(cluster).toEqual({ cluster: { name: 'joiner' } });
  });

  it('again by its credential, under the next epoch', async () => {
    const manager = await WireManager.join(oc.client, 'again');
    const { data } = await register({ ...request('again', null), credential: manager.client.credential });
    expect(data.registerManager).toMatchObject({ clusterId: manager.clusterId, lease: { epoch: 2 } });
    expect(
      (await manager.fault({ kind: 'SNAPSHOT', sequence: 1, nodes: running('a') })).extensions,
    ).toMatchObject({
      code: 'CONFLICT',
      field: 'input.epoch',
      epoch: 2,
    });
  });

  it('and no epoch that it makes up uses up all that there are', async () => {
    const manager = await WireManager.join(oc.client, 'dreamer');
    const answer = await manager.client.send(
      `mutation { renewLease(input: { epoch: 1000000000, membershipSequence: 0 }) { lease { epoch } } }`,
    );
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'input.epoch' });
    expect(await manager.renew()).toMatchObject({ role: 'PRIMARY', epoch: 1 });
  });

  it('again with other labels: the cluster has these, and that is told once', async () => {
    const label = (key: string, value: string) => ({ key, value });
    const tier = label('tier', '1');
    const manager = await WireManager.join(oc.client, 'relabelled', 'relabelled-m1', 'process', [
      label('env', 'test'),
      tier,
    ]);
    for (const labels of [
      [tier, label('env', 'test')],
      [tier, label('env', 'prod')],
    ]) {
      const again = request('relabelled', null);
      await register({
        ...again,
        credential: manager.client.credential,
        cluster: { ...again.cluster, labels },
      });
    }
    const { cluster } = await oc.client.data(
      'query ($id: ID!) { cluster(id: $id) { labels { key value } history(first: 50) { edges { node { summary } } } } }',
      { id: manager.clusterId },
    );
    expect(cluster.labels).toEqual([label('env', 'prod'), tier]);
    const told = cluster.history.edges.filter(({ node }: { node: { summary: string } }) =>
      node.summary.includes('Labels'),
    );
    expect(told).toHaveLength(1);
  });

  it('not with a token that is wrong, missing, used up, expired or for another cluster', async () => {
    const usedUp = await WireManager.token(oc.client, { uses: 1 });
    expect((await register(request('spender', usedUp))).errors).toBeUndefined();
    const elsewhere = await WireManager.token(oc.client, { clusterName: 'elsewhere' });
    for (const token of ['oce_wrong', usedUp, elsewhere, null]) {
      const { errors } = await register(request('stranger', token));
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED', field: 'input.token' });
    }
    expect(await clusterNames()).not.toContain('stranger');
  });

  it('once only with a token for one use, however many try at once', async () => {
    const token = await WireManager.token(oc.client, { uses: 1 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => register(request(`racer-${n}`, token))),
    );
    expect(answers.filter(({ errors }) => !errors)).toHaveLength(1);
    expect((await clusterNames()).filter((name: string) => name.startsWith('racer'))).toHaveLength(1);
  });

  it('with its one token when the same request comes twice, one after the other or both at once', async () => {
    const credential = WireManager.credential();
    const first = { ...request('twice', await WireManager.token(oc.client)), credential };
    const heard = await register(first);
    const again = await register(first);
    expect(again.data.registerManager).toMatchObject({
      managerId: heard.data.registerManager.managerId,
      lease: { role: 'PRIMARY', epoch: 2 },
    });
    const both = {
      ...request('both', await WireManager.token(oc.client)),
      credential: WireManager.credential(),
    };
    await Promise.all([register(both), register(both)]);
    const { data } = await register(both);
    expect(data.registerManager.lease.role).toBe('PRIMARY');
    const { cluster } = await oc.client.data(
      'query ($id: ID!) { cluster(id: $id) { managers { totalCount } } }',
      { id: data.registerManager.clusterId },
    );
    expect(cluster.managers.totalCount).toBe(1);
  });

  it('two at once into a cluster that is new: one is primary', async () => {
    const token = await WireManager.token(oc.client, { uses: 2 });
    const answers = await Promise.all(
      ['a', 'b'].map((name) => register(request('twins', token, { name: `twins-${name}` }))),
    );
    expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([]);
    expect(answers.map(({ data }) => data.registerManager.lease.role).sort()).toEqual(['PRIMARY', 'STANDBY']);
  });

  it('not under the name of one that is connected, nor as another kind of cluster, nor with another’s credential', async () => {
    const manager = await WireManager.join(oc.client, 'taken');
    const token = await WireManager.token(oc.client, { uses: 5 });
    const twice = await register(request('taken', token));
    expect(twice.errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.manager.name' });
    const otherKind = await register({
      ...request('taken', token, { name: 'm2' }),
      cluster: { name: 'taken', kind: 'redis' },
    });
    expect(otherKind.errors?.[0]?.extensions).toMatchObject({
      code: 'CONFLICT',
      field: 'input.cluster.kind',
    });
    const { errors } = await register({
      ...request('joiner', token),
      credential: manager.client.credential,
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.cluster.name' });
  });

  it('not with names that do not belong on a screen: the field is named and nothing is written', async () => {
    const token = await WireManager.token(oc.client, { uses: 5 });
    const before = await clusterNames();
    for (const name of ['', 'bell\u0007', 'a\nb', 'x'.repeat(65_536), ' edge', '<script>', '\u202Eabc']) {
      const { errors } = await register(request(name, token, { name: 'm' }));
      expect(errors?.[0]?.extensions, JSON.stringify(name.slice(0, 20))).toMatchObject({
        code: 'INVALID',
        field: 'input.cluster.name',
      });
    }
    const badUrl = await register(request('fine', token, { url: 'javascript:alert(1)' }));
    expect(badUrl.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'input.manager.url' });
    expect(await clusterNames()).toEqual(before);
    const { data } = await register(request('fine', token));
    expect(data.registerManager.lease.role, 'a refused registration does not use the token up').toBe(
      'PRIMARY',
    );
  });

  it('not with fields that are unknown or of a wrong type', async () => {
    const unknown = await register({ ...request('x', 'oce_x'), surprise: true });
    expect(unknown.errors?.[0]).toMatchObject({ extensions: { code: 'INVALID' } });
    expect(unknown.errors?.[0]?.message).toContain('surprise');
    const guessable = await register({ ...request('x', 'oce_x'), credential: 'secret' });
    expect(guessable.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'input.credential' });
    const wrongType = await register(request('x', 'oce_x', { pid: 'one' }));
    expect(wrongType.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID', field: 'input.manager.pid' });
  });

  it('and sees its own cluster alone', async () => {
    const one = await WireManager.join(oc.client, 'one');
    const two = await WireManager.join(oc.client, 'two');
    const own = await one.client.data('query ($id: ID!) { cluster(id: $id) { name } }', {
      id: one.clusterId,
    });
    expect(own.cluster.name).toBe('one');
    const other = await one.client.data('query ($id: ID!) { cluster(id: $id) { name } }', {
      id: two.clusterId,
    });
    expect(other.cluster, 'as for an id that does not exist').toBeNull();
    for (const query of [
      '{ system { name } }',
      '{ clusters { totalCount } }',
      '{ operations { totalCount } }',
    ]) {
      expect((await one.client.fault(query)).extensions.code).toBe('FORBIDDEN');
    }
    expect((await oc.client.as('ocm_nobody').fault('{ system { name } }')).extensions.code).toBe(
      'UNAUTHENTICATED',
    );
  });
});
