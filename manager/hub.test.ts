import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OcClient } from './client.ts';
import { CredentialFile } from './credential.ts';
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
  const credentialFile = new CredentialFile(join(folder, 'credential.json'));
  const hub = new Hub({
    client: new OcClient(wire.url),
    registration: { cluster: { name: 'shop', kind: 'fake' }, manager: { name: 'm1', version: '1' } },
    token,
    credentialFile,
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
  return { ...wire, hub, news, folder, credentialFile };
}
const registered = (change: object = {}) => ({
  data: { clusterId: 'c', managerId: 'm', credential: null, lease: lease(), ...change },
});

describe('joining', () => {
  it('registers by the token, keeps the credential for its owner only, and uses it from then on', async () => {
    const first = await open(({ field }) =>
      field === 'registerManager' ? registered({ credential: 'ocm_1' }) : { data: { lease: lease() } },
    );
    await until('it renews', () => first.asked('renewLease')[0]);
    expect(first.asked('registerManager')[0]).toMatchObject({
      input: { token: 'oce_1' },
      authorization: undefined,
    });
    expect(first.asked('renewLease')[0]).toMatchObject({
      input: { epoch: 1, membershipSequence: 5, membershipDigest: 'd' },
      authorization: 'Bearer ocm_1',
    });
    expect(first.news).toEqual(['primary 1']);
    expect(statSync(join(first.folder, 'credential.json')).mode & 0o777).toBe(0o600);

    const second = await open(() => registered(), { folder: first.folder });
    const again = await until('it registers', () => second.asked('registerManager')[0]);
    expect(again.authorization).toBe('Bearer ocm_1');
    expect(again.input['token']).toBeUndefined();
  });

  it('enrols again when the credential is refused, at the start and in between', async () => {
    let known = 'ocm_new';
    const folder = temporaryFolder();
    new CredentialFile(join(folder, 'credential.json')).write('ocm_old');
    const { asked, news, credentialFile } = await open(
      ({ field, authorization, input }) => {
        if (authorization !== undefined && authorization !== `Bearer ${known}`)
          return fault('UNAUTHENTICATED');
        if (field === 'renewLease') return { data: { lease: lease() } };
        return registered(input['token'] ? { credential: known } : {});
      },
      { folder },
    );
    await until('it renews', () => asked('renewLease').length > 0);
    expect(credentialFile.read()).toBe('ocm_new');
    known = 'ocm_newer';
    await until('it enrols again', () => credentialFile.read() === 'ocm_newer');
    await until('it is primary again', () => news.length === 4);
    expect(news).toEqual([
      'primary 1',
      'not primary: the OC does not know this manager any more',
      'back',
      'primary 1',
    ]);
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
