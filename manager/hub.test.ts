import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OcClient } from './client.ts';
import { Credential } from './credential.ts';
import { Leave } from './graphql.ts';
import { Hub } from './hub.ts';
import { temporaryFolder } from './testing/folder.ts';
import { silent } from './testing/silent.ts';
import { until } from './testing/until.ts';
import { fault, lease, openWire, type Answer, type Request } from './testing/wire.ts';

async function open(
  answer: (request: Request) => Answer,
  { token = 'oce_1' as string | null, folder = temporaryFolder() } = {},
) {
  const wire = await openWire(answer);
  const news: string[] = [];
  const over = new AbortController();
  const secrets = new Credential(join(folder, 'credential.json'));
  const hub = new Hub({
    client: new OcClient(wire.url, secrets),
    credential: secrets,
    registration: { token, cluster: { name: 'shop', kind: 'fake' }, manager: { name: 'm1', version: '1' } },
    promoted: ({ epoch }) => news.push(`primary ${epoch}`),
    demoted: (reason) => news.push(`not primary: ${reason}`),
    renewing: () => ({ membershipSequence: 5, membershipDigest: 'd', answered: () => undefined }),
    ocIsBack: () => news.push('back'),
    log: silent,
    signal: over.signal,
  });
  const ran = hub.run();
  onTestFinished(async () => {
    over.abort();
    await ran;
  });
  return { ...wire, hub, news, folder, secrets, credential: secrets.current };
}
/** Milliseconds. */
const term = (renewAfterMs = 60_000) => ({ validForMs: renewAfterMs * 1.5, renewAfterMs });
const registered = (change: object = {}) => ({
  data: { clusterId: 'c', managerId: 'm', lease: lease(), credential: term(), ...change },
});

describe('joining', () => {
  it('registers by a credential of its own, kept for its owner only, and uses it from then on', async () => {
    const answer = ({ field }: Request) =>
      field === 'registerManager' ? registered() : { data: { lease: lease() } };
    const first = await open(answer);
    await until('it renews', () => first.asked('renewLease')[0]);
    expect(first.credential).toMatch(/^ocm_[\w-]{43}$/);
    expect(first.asked('registerManager')[0]).toMatchObject({
      input: { token: 'oce_1', credential: first.credential },
      authorization: undefined,
    });
    expect(first.asked('renewLease')[0]).toMatchObject({
      input: { epoch: 1, membershipSequence: 5, membershipDigest: 'd' },
      authorization: `Bearer ${first.credential}`,
    });
    expect(first.news).toEqual(['primary 1']);
    expect(statSync(join(first.folder, 'credential.json')).mode & 0o777).toBe(0o600);

    const second = await open(answer, { folder: first.folder });
    const again = await until('it registers', () => second.asked('registerManager')[0]);
    expect(again.input['credential']).toBe(first.credential);
    expect((await open(answer)).credential, 'each manager has its own').not.toBe(first.credential);
  });

  it('does not begin with a credential that it cannot keep', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'home'), 'a file where the folder should be');
    expect(() => new Credential(join(folder, 'home', 'credential.json'))).toThrow();
  });

  it('shows the same credential again when the answer did not come, and when the OC has forgotten it', async () => {
    let lost = 2;
    let known = true;
    const { asked, news, credential } = await open(({ field }) => {
      if (field === 'registerManager') {
        known = true;
        return lost-- > 0 ? { status: 502 } : registered();
      }
      return known ? { data: { lease: lease() } } : fault('UNAUTHENTICATED');
    });
    await until('it renews', () => asked('renewLease').length > 0);
    known = false;
    await until('it is primary again', () => news.length === 5);
    expect(news).toEqual([
      'back',
      'primary 1',
      'not primary: the OC does not know this manager any more',
      'back',
      'primary 1',
    ]);
    expect(asked('registerManager').map(({ input }) => input['credential'])).toEqual(
      Array.from({ length: 4 }, () => credential),
    );
  });

  it('keeps trying when nothing works, and gets in when it does', async () => {
    let works = false;
    const { asked, news } = await open(
      () => (works ? registered() : fault('INVALID', { field: 'input.token' })),
      { token: null },
    );
    await until('it tries', () => asked('registerManager').length >= 3);
    expect(news).toEqual([]);
    works = true;
    await until('it is in', () => news.includes('primary 1'));
  });
});

describe('the lease', () => {
  it('follows who is primary, and steps down before it is primary under another epoch', async () => {
    let now = lease({ role: 'STANDBY', epoch: 3, primaryName: 'm2' });
    const { news, hub, asked } = await open(({ field }) =>
      field === 'registerManager' ? registered({ lease: now }) : { data: { lease: now } },
    );
    await until('a standby renews too', () => asked('renewLease').length > 0);
    expect(asked('renewLease')[0]!.input['epoch']).toBe(3);
    expect(hub.leaseHeld()).toBe(false);
    now = lease({ epoch: 4 });
    await until('promotion', () => news.includes('primary 4'));
    expect(hub.leaseHeld()).toBe(true);
    now = lease({ epoch: 6 });
    await until('another epoch', () => news.includes('primary 6'));
    now = lease({ role: 'STANDBY', epoch: 7, primaryName: 'm2' });
    await until('demotion', () => news.length === 4);
    expect(news).toEqual([
      'primary 4',
      'not primary: epoch 4 is over, 6 has begun',
      'primary 6',
      'not primary: m2 is primary (epoch 7)',
    ]);
    expect(hub.leaseHeld()).toBe(false);
  });

  it('runs out while the OC is away, by the time at which it was asked for; the role stays', async () => {
    let away = false;
    const { hub, news, asked } = await open(({ field }) => {
      if (field === 'registerManager') return registered({ lease: lease({ durationMs: 200 }) });
      return away ? { status: 502 } : { data: { lease: lease({ durationMs: 200 }) } };
    });
    await until('it is held', () => hub.leaseHeld());
    away = true;
    await until('it runs out', () => !hub.leaseHeld());
    expect(news).toEqual(['primary 1']);
    const attempts = asked('renewLease').length;
    await until('it goes on trying', () => asked('renewLease').length > attempts + 2);
    away = false;
    await until('it is held again', () => hub.leaseHeld());
    expect(news).toEqual(['primary 1', 'back']);
  });

  it('tells a later epoch that it found at work, and follows the answer', async () => {
    const { hub, news, asked } = await open(({ field, input }) => {
      if (field === 'registerManager') return registered();
      return {
        data: {
          lease: input['epoch'] === 9 ? lease({ role: 'STANDBY', epoch: 9, primaryName: 'm2' }) : lease(),
        },
      };
    });
    await until('it renews', () => asked('renewLease').length > 0);
    hub.fencedBy(9, 'm2 acts');
    expect(news).toEqual(['primary 1', 'not primary: m2 acts']);
    await until('it says so', () => asked('renewLease').some(({ input }) => input['epoch'] === 9));
  });

  it('is given up with a farewell', async () => {
    const { hub, asked } = await open(({ field }) =>
      field === 'leave' ? { data: { left: true } } : registered(),
    );
    await until('it is in', () => hub.leaseHeld());
    await hub.leave('SIGTERM');
    expect(asked('leave')[0]!.input).toEqual({ epoch: 1, reason: 'SIGTERM' });
  });
});

describe('the credential', () => {
  it('is renewed when its time has come, and the new one is shown from then on', async () => {
    const { asked, credential, secrets, folder } = await open(({ field }) => {
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
    const { credential, folder, secrets } = await open(({ field, input }) => {
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
      const { asked, news } = await open(
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
      secrets.adopt(second);
      writeFileSync(join(folder, 'credential.json'), JSON.stringify({ credential: second, previous: first }));
    }
  });

  it.each(['REVOKED', 'EXPIRED'])('that was %s is never shown with a token: a new one is', async (ended) => {
    let over = false;
    const { asked, news, credential, secrets } = await open(({ field, input, authorization }) => {
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
