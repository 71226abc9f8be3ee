import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { OcClient, OcError } from './client.ts';
import { Credential } from './credential.ts';
import { Leave } from './graphql.ts';
import { keepCredential } from './renewal.ts';
import { temporaryFolder } from './testing/folder.ts';
import { openHub, registered, term } from './testing/hub.ts';
import { until } from './testing/until.ts';
import { fault, lease, openWire } from './testing/wire.ts';

describe('the credential', () => {
  it('is renewed when its time has come, and the new one is shown from then on', async () => {
    const { asked, credential, secrets, folder } = await openHub(({ field }) => {
      if (field === 'registerManager') return registered({ credential: term(0) });
      if (field === 'renewCredential') return { data: { credential: term() } };
      return { data: { lease: lease() } };
    });
    const [renewal] = await until(
      'it renews',
      () => asked('renewCredential').length > 0 && asked('renewCredential'),
    );
    expect(renewal!.authorization).toBe(`Bearer ${credential}`);
    const next = renewal!.input['credential'];
    await until(
      'it shows the new one',
      () => asked('renewLease').at(-1)?.authorization === `Bearer ${String(next)}`,
    );
    expect(new Credential(join(folder, 'credential.json')).current).toBe(next);
    expect(secrets.current).toBe(next);
  });

  it('that is renewed is on disk before it is told, and told again as it is when the answer is lost', async () => {
    const told: string[] = [];
    const { credential, folder, secrets } = await openHub(({ field, input }) => {
      if (field === 'registerManager') return registered({ credential: term(0) });
      if (field !== 'renewCredential') return { data: { lease: lease() } };
      told.push(String(input['credential']));
      expect(secrets.current).toBe(credential);
      const kept = [...new Credential(join(folder, 'credential.json')).candidates()];
      expect(kept.map(({ secret }) => secret)).toEqual([credential, told[0]]);
      return told.length < 3 ? { status: 502 } : { data: { credential: term() } };
    });
    await until('it is renewed', () => secrets.current !== credential);
    expect(told).toEqual([told[0], told[0], told[0]]);
    expect(secrets.current).toBe(told[0]);
  });

  it('that is renewed too early, because the OC was away meanwhile, is renewed when the OC says', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const send = vi.fn(() =>
        Promise.reject(
          new OcError({ message: 'early', extensions: { code: 'CONFLICT', renewAfterMs: 3_600_000 } }),
        ),
      );
      const log = { debug: vi.fn(), warn: vi.fn() };
      const ending = new AbortController();
      const credential = new Credential(join(temporaryFolder(), 'credential.json'));
      const deps = { client: { send }, credential, log } as unknown as Parameters<typeof keepCredential>[0];
      const kept = keepCredential(deps, term(0), performance.now(), ending.signal);
      await vi.advanceTimersByTimeAsync(3_599_000);
      expect(send).toHaveBeenCalledTimes(1);
      await vi.advanceTimersByTimeAsync(2000);
      expect(send).toHaveBeenCalledTimes(2);
      expect(log.warn).not.toHaveBeenCalled();
      ending.abort();
      await kept;
    } finally {
      vi.useRealTimers();
    }
  });

  it('of before, shown by a request that was overtaken by the renewal, does not count as refused', async () => {
    const secrets = { current: 'ocm_old' };
    const renewed = await openWire(({ authorization }) => {
      if (authorization === 'Bearer ocm_new') return { data: { left: true } };
      // The OC has seen the new one already.
      secrets.current = 'ocm_new';
      return fault('UNAUTHENTICATED');
    });
    const farewell = { input: { epoch: 1, reason: 'over' } };
    await new OcClient(renewed.url, secrets).send(Leave, farewell);
    expect(renewed.requests).toHaveLength(2);
    const ended = await openWire(() => fault('UNAUTHENTICATED'));
    await expect(new OcClient(ended.url, secrets).send(Leave, farewell)).rejects.toThrow('UNAUTHENTICATED');
    expect(ended.requests).toHaveLength(1);
  });

  it('is tried with the one beside it where the OC does not know it: whose answer was lost, or who went back', async () => {
    const folder = temporaryFolder();
    const secrets = new Credential(join(folder, 'credential.json'));
    const first = secrets.current;
    secrets.adopt(secrets.stage());
    const second = secrets.current;
    const third = secrets.stage();
    for (const known of [third, first]) {
      const { asked, news } = await openHub(
        ({ field, input }) => {
          if (field !== 'registerManager') return { data: { lease: lease() } };
          return input['credential'] === known ? registered() : fault('UNAUTHENTICATED');
        },
        { folder },
      );
      await until('it is in', () => news.includes('primary 1'));
      await until('it shows it', () => asked('renewLease')[0]?.authorization === `Bearer ${known}`);
      // A token is for a secret that nobody has seen, not for one of before.
      expect(
        asked('registerManager').find(({ input }) => input['credential'] === first)?.input['token'] ?? null,
      ).toBeNull();
      writeFileSync(join(folder, 'credential.json'), JSON.stringify({ credential: second, previous: first }));
    }
  });

  it.each(['REVOKED', 'EXPIRED'])('that was %s is never shown with a token: a new one is', async (ended) => {
    let over = false;
    const { asked, news, credential, secrets } = await openHub(({ field, input, authorization }) => {
      const shown = field === 'registerManager' ? input['credential'] : authorization?.replace('Bearer ', '');
      if (over && shown === credential) return fault('UNAUTHENTICATED', { ended });
      return field === 'registerManager' ? registered() : { data: { lease: lease() } };
    });
    await until('it renews', () => asked('renewLease').length > 0);
    over = true;
    await until('it is primary again', () => news.at(-1) === 'primary 1' && news.length > 2);
    expect(news[1]).toBe('not primary: refused: UNAUTHENTICATED');
    expect(secrets.current).not.toBe(credential);
    expect(asked('registerManager').at(-1)!.input).toMatchObject({
      token: 'oce_1',
      credential: secrets.current,
    });
  });
});
