import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startClocked, type ClockedOc } from '../harness/clocked-oc.ts';
import { apiKey, Browser, PASSWORD } from '../harness/people.ts';
import { until } from '../harness/until.ts';
import { WireManager } from '../harness/wire-manager.ts';

const HOUR = 3_600_000;

describe('the clock of the OC jumps by hours', () => {
  let oc: ClockedOc;
  let ann: Browser;

  beforeAll(async () => {
    oc = await startClocked({ LEASE_SECONDS: '2' });
    ann = new Browser(oc.url);
    await ann.data(
      'mutation ($input: CreateFirstAdministratorInput!) { createFirstAdministrator(input: $input) { name } }',
      {
        input: { token: new URL(oc.welcomeUrl!).searchParams.get('token'), name: 'Ann', password: PASSWORD },
      },
    );
  });
  afterAll(() => oc.stop());

  const kind = async () => (await ann.data('{ viewer { kind } }')).viewer.kind;
  const register = (name: string, token: string) =>
    WireManager.register(ann, {
      token,
      cluster: { name, kind: 'process' },
      manager: { name: `${name}-m1`, version: '1' },
    });
  const statusOf = async ({ clusterId: id }: WireManager) =>
    (await ann.data('query ($id: ID!) { cluster(id: $id) { status } }', { id })).cluster.status;

  it('forward: what has ended by then has ended, and managers get the time back', async () => {
    const manager = await WireManager.join(ann, 'forward');
    const token = await WireManager.token(ann);
    oc.clock.ahead += 5 * HOUR;
    expect(await kind()).toBe('PERSON');
    expect((await register('late', token)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await manager.renew()).toMatchObject({ role: 'PRIMARY', epoch: manager.epoch });
    oc.clock.ahead += 48 * HOUR;
    expect(await manager.renew(), 'two lives of its credential').toMatchObject({ role: 'PRIMARY' });
    expect(await kind()).toBe('ANONYMOUS');
    expect((await ann.logIn('Ann')).errors).toBeUndefined();
  });

  it('back: all holds for longer, and who falls silent is noticed all the same', async () => {
    const [manager, dying] = [await WireManager.join(ann, 'back'), await WireManager.join(ann, 'dying')];
    const { client } = await apiKey(ann, [{ role: 'VIEWER' }]);
    const token = await WireManager.token(ann);
    oc.clock.ahead -= 5 * HOUR;
    expect(await kind()).toBe('PERSON');
    expect((await client.data('{ viewer { kind } }')).viewer.kind).toBe('KEY');
    expect((await register('early', token)).errors).toBeUndefined();
    expect(await manager.renew()).toMatchObject({ role: 'PRIMARY', epoch: manager.epoch });
    await until('silence is noticed', async () => (await statusOf(dying)) === 'UNKNOWN');
    expect(await manager.renew()).toMatchObject({ role: 'PRIMARY', epoch: manager.epoch });
    const again = await WireManager.register(ann, {
      credential: manager.client.credential,
      cluster: { name: 'back', kind: 'process' },
      manager: { name: 'back-m1', version: '1' },
    });
    const { validForMs, renewAfterMs } = again.data.registerManager.credential;
    expect(validForMs).toBeGreaterThan(24 * HOUR);
    expect(renewAfterMs, 'well before it ends').toBeLessThanOrEqual(validForMs - 8 * HOUR);
  });
});
