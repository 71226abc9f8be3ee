import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { unpaged } from '../harness/operator.ts';
import { WireManager } from '../harness/wire-manager.ts';

const CREATE = `mutation ($input: CreateEnrolmentTokenInput!) {
  createEnrolmentToken(input: $input) { token joinCommand enrolmentToken { id status } }
}`;
const TOKENS = `query ($status: [EnrolmentTokenStatus!], $after: String) {
  enrolmentTokens(status: $status, first: 2, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node { id clusterName labels { key value } status uses usesLeft createdBy revokedBy } }
  }
}`;
const REVOKE = 'mutation ($id: ID!) { revokeEnrolmentToken(id: $id, reason: "leaked") { status revokedBy } }';

describe('an enrolment token', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 60 });
  });
  afterAll(() => oc.stop());

  const create = async (input: object) => (await oc.client.data(CREATE, { input })).createEnrolmentToken;
  const register = (cluster: string, token: string, more: object = {}) =>
    WireManager.register(oc.client, {
      token,
      cluster: { name: cluster, kind: 'process', ...more },
      manager: { name: `${cluster}-m1`, version: '1' },
    });
  const labelsOf = async (name: string) => {
    const { clusters } = await oc.client.data(
      'query ($name: String!) { clusters(filter: { search: $name }) { edges { node { labels { key value } } } } }',
      { name },
    );
    return clusters.edges[0]?.node.labels;
  };
  const prod = { key: 'env', value: 'prod' };
  const test = { key: 'env', value: 'test' };
  const tier = { key: 'tier', value: '1' };

  it('comes with the command that joins, whatever stands in its labels', async () => {
    const nasty = { key: 'note', value: "$(touch /tmp/x) 'YAML'" };
    const { token, joinCommand } = await create({ clusterName: 'shop', labels: [prod, nasty] });
    expect(joinCommand).toContain(`operationsCenter: "${oc.url}"`);
    expect(joinCommand).toContain(`token: ${token}`);
    expect(joinCommand).toContain(
      String.raw`cluster: { name: "shop", labels: { "env": "prod", "note": "$(touch /tmp/x) 'YAML'" } }`,
    );
    // Within a quoted here-document the shell reads nothing but the line that ends it.
    expect(joinCommand.split('\n').filter((line: string) => line === 'YAML')).toHaveLength(1);
  });

  it('puts its labels on a new cluster, which keeps them', async () => {
    const { token } = await create({ labels: [prod], uses: 2 });
    const credential = WireManager.credential();
    const joined = await WireManager.register(oc.client, {
      credential,
      token,
      cluster: { name: 'labelled', kind: 'process', labels: [tier] },
      manager: { name: 'm', version: '1' },
    });
    expect(joined.errors).toBeUndefined();
    expect(await labelsOf('labelled')).toEqual([prod, tier]);
    const again = (labels: object[]) =>
      WireManager.register(oc.client, {
        credential,
        cluster: { name: 'labelled', kind: 'process', labels },
        manager: { name: 'm', version: '1' },
      });
    await again([]);
    expect(await labelsOf('labelled')).toEqual([prod]);
    expect((await again([test])).errors?.[0]?.extensions).toMatchObject({
      code: 'CONFLICT',
      field: 'input.cluster.labels',
    });
    expect((await register('contrary', token, { labels: [test] })).errors?.[0]?.extensions).toMatchObject({
      code: 'CONFLICT',
      field: 'input.cluster.labels',
    });
    expect(await labelsOf('contrary')).toBeUndefined();
  });

  it('with labels admits to no cluster that has others', async () => {
    await WireManager.join(oc.client, 'testing', 'testing-a', 'process', [test]);
    const forProd = await create({ labels: [prod] });
    const { errors } = await register('testing', forProd.token, { labels: [prod] });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED', field: 'input.token' });
    expect(errors?.[0]?.message).toContain('env=prod');
    expect(await labelsOf('testing')).toEqual([test]);
    const forTest = await create({ labels: [test] });
    expect((await register('testing', forTest.token, { labels: [test] })).errors).toBeUndefined();
  });

  it('leaves the labels that a cluster has: by them people have their rights', async () => {
    const bank = (labels: object[], manager: object) =>
      WireManager.register(oc.client, { cluster: { name: 'bank', kind: 'process', labels }, ...manager });
    const mallory = { key: 'team', value: 'mallory' };
    const named = (name: string) => ({
      credential: WireManager.credential(),
      manager: { name, version: '1' },
    });
    const [first, standby, third] = [named('m1'), named('m2'), named('m3')];
    await bank([prod, tier], { ...first, token: (await create({})).token });
    expect((await bank([mallory], { ...standby, token: (await create({})).token })).errors).toBeUndefined();
    expect(await labelsOf('bank'), 'with a token for any cluster').toEqual([prod, tier]);
    expect((await bank([mallory], standby)).data.registerManager.lease.role).toBe('STANDBY');
    expect(await labelsOf('bank'), 'as standby').toEqual([prod, tier]);
    const forProd = (await create({ labels: [prod] })).token;
    expect((await bank([prod], { ...third, token: forProd })).errors).toBeUndefined();
    expect(await labelsOf('bank'), 'with a token for some of them').toEqual([prod, tier]);
    expect((await bank([mallory], first)).data.registerManager.lease.role).toBe('PRIMARY');
    expect(await labelsOf('bank'), 'its primary changes what no token vouches for').toEqual([prod, mallory]);
  });

  it('for one use lets one in of a hundred that come at once', async () => {
    const { token, enrolmentToken } = await create({ uses: 1 });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => register(`rush-${n}`, token)));
    expect(answers.filter(({ errors }) => !errors)).toHaveLength(1);
    const refused = answers.flatMap(({ errors }) => errors ?? []);
    expect(new Set(refused.map(({ extensions }) => extensions.code))).toEqual(new Set(['UNAUTHENTICATED']));
    const { clusters } = await oc.client.data('{ clusters(filter: { search: "rush-" }) { totalCount } }');
    expect(clusters.totalCount).toBe(1);
    const { enrolmentTokens } = await oc.client.data(TOKENS, { status: ['USED_UP'] });
    expect(unpaged(enrolmentTokens).map(({ id }: { id: string }) => id)).toContain(enrolmentToken.id);
  });

  it('is listed without its secret, and admits nobody once it is revoked', async () => {
    const { token, enrolmentToken } = await create({ clusterName: 'never', uses: 5 });
    const { id } = enrolmentToken;
    expect((await oc.client.data(REVOKE, { id })).revokeEnrolmentToken).toEqual({
      status: 'REVOKED',
      revokedBy: 'local',
    });
    const entries = async () =>
      (await oc.client.data('{ auditLog(filter: { action: ["revokeEnrolmentToken"] }) { totalCount } }'))
        .auditLog;
    const once = await entries();
    expect((await oc.client.data(REVOKE, { id })).revokeEnrolmentToken.status, 'again').toBe('REVOKED');
    expect(await entries()).toEqual(once);
    expect((await oc.client.fault(REVOKE, { id: 'none' })).extensions.code).toBe('NOT_FOUND');
    const { errors } = await register('never', token);
    expect(errors?.[0]?.message).toContain('it was revoked');
    const seen: { id: string; status: string }[] = [];
    for (let after: string | null = null, more = true; more;) {
      const { enrolmentTokens }: Awaited<ReturnType<typeof oc.client.data>> = await oc.client.data(TOKENS, {
        after,
      });
      seen.push(...unpaged(enrolmentTokens));
      ({ hasNextPage: more, endCursor: after } = enrolmentTokens.pageInfo);
    }
    expect(seen[0]).toEqual({
      ...{ id, clusterName: 'never', labels: [], status: 'REVOKED', uses: 5, usesLeft: 5 },
      ...{ createdBy: 'local', revokedBy: 'local' },
    });
    expect(JSON.stringify(seen)).not.toContain('oce_');
    const { enrolmentTokens } = await oc.client.data(TOKENS, { status: ['REVOKED'] });
    expect(enrolmentTokens.totalCount).toBe(1);
  });

  it('is no business of managers', async () => {
    const manager = await WireManager.join(oc.client, 'curious');
    for (const query of [
      '{ enrolmentTokens { totalCount } }',
      'mutation { createEnrolmentToken(input: {}) { token } }',
    ])
      expect((await manager.client.fault(query)).extensions.code).toBe('FORBIDDEN');
  });
});
