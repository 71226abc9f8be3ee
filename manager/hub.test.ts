import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Credential } from './credential.ts';
import { temporaryFolder } from './testing/folder.ts';
import { openHub, registered } from './testing/hub.ts';
import { until } from './testing/until.ts';
import { fault, lease, type Request } from './testing/wire.ts';

describe('joining', () => {
  it('registers by a credential of its own, kept for its owner only, and uses it from then on', async () => {
    const answer = ({ field }: Request) =>
      field === 'registerManager' ? registered() : { data: { lease: lease() } };
    const first = await openHub(answer);
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

    const second = await openHub(answer, { folder: first.folder });
    const again = await until('it registers', () => second.asked('registerManager')[0]);
    expect(again.input['credential']).toBe(first.credential);
    expect((await openHub(answer)).credential, 'each manager has its own').not.toBe(first.credential);
  });

  it('does not begin with a credential that it cannot keep', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'home'), 'a file where the folder should be');
    expect(() => new Credential(join(folder, 'home', 'credential.json'))).toThrow();
  });

  it('shows the same credential again when the answer did not come, and when the OC has forgotten it', async () => {
    let lost = 2;
    let known = true;
    const { asked, news, credential } = await openHub(({ field }) => {
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
    const { asked, news } = await openHub(
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
    const { news, hub, asked } = await openHub(({ field }) =>
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
    const { hub, news, asked } = await openHub(({ field }) => {
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
    const { hub, news, asked } = await openHub(({ field, input }) => {
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
    const { hub, asked } = await openHub(({ field }) =>
      field === 'leave' ? { data: { left: true } } : registered(),
    );
    await until('it is in', () => hub.leaseHeld());
    await hub.leave('SIGTERM');
    expect(asked('leave')[0]!.input).toEqual({ epoch: 1, reason: 'SIGTERM' });
  });
});
