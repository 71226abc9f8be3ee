import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../test/harness/until.ts';
import { copyDataDir } from '../../test/services/templates.ts';
import { createLocalBus } from '../platform/bus.ts';
import { openDatabase, type Database } from '../platform/database/database.ts';
import { AppError } from '../platform/errors.ts';
import { logReader, SYSTEM_ID } from '../platform/event-log.ts';
import { createLogger } from '../platform/log.ts';
import { Tail } from '../platform/tail.ts';
import { createApiKey } from './api-keys.ts';
import { authenticator, type Authenticate } from './authenticate.ts';
import { CredentialWatch } from './credential-watch.ts';
import { forgetExpired } from './forget.ts';
import { Passwords } from './password.ts';
import { acceptInvitation, logIn } from './log-in.ts';
import { createPerson } from './people.ts';
import type { PeopleDeps } from './person.ts';
import { hashSecret } from './principal.ts';
import { sessionCookie } from './session.ts';
import { delayAfter, placeOf } from './throttle.ts';

const HOUR = 3_600_000;
const PASSWORD = 'correct horse battery staple';

describe('people, by a clock of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oc-people-'));
  const logger = createLogger('silent');
  const sessions = { idleMs: 12 * HOUR, maxMs: 168 * HOUR, secure: false };
  let database: Database;
  let deps: PeopleDeps;
  let authenticate: Authenticate;
  let now = Date.UTC(2026, 0, 1);
  let people = 0;
  let caller = {
    principal: { kind: 'local' as const, name: 'local' as const },
    from: '192.0.2.1',
  };

  beforeAll(async () => {
    copyDataDir(folder);
    database = await openDatabase({ dataDir: folder, log: logger });
    const clock = { now: () => new Date(now) };
    deps = { prisma: database.prisma, bus: createLocalBus(), clock, passwords: new Passwords(), sessions };
    authenticate = authenticator({ ...deps, leaseMs: 10_000, authentication: true });
    await database.prisma.system.create({ data: { id: SYSTEM_ID, name: 'Peopled' } });
  });
  beforeEach(() => {
    // Each from an address of its own: what one does in vain holds up none of the others.
    caller = { ...caller, from: `192.0.2.${++people}` };
  });
  afterAll(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  const somebody = async () => {
    const name = `Person ${people}`;
    const { invitation } = await createPerson(deps, caller, {
      name,
      grants: [{ role: 'VIEWER', clusters: null }],
      reason: null,
    });
    const { secret, principal, device } = await acceptInvitation(deps, caller, {
      token: invitation.token,
      password: PASSWORD,
    });
    return { name, principal, device, cookie: sessionCookie(secret, sessions) };
  };
  const kind = async (cookie: string) => (await authenticate({ cookie })).kind;
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'in',
      (error: { extensions: { code: string } }) => error.extensions.code,
    );

  it('a session ends when it is not used for so long, and at its end however it is used', async () => {
    const { cookie: used } = await somebody();
    people++;
    const { cookie: idle } = await somebody();
    for (let hours = 0; hours < 165; hours += 11) {
      expect(await kind(used), `after ${hours} hours`).toBe('person');
      now += 11 * HOUR;
      if (hours === 11) expect(await kind(idle), 'after 22 idle hours').toBe('anonymous');
    }
    now += 3 * HOUR;
    expect(await kind(used), 'after 168 hours').toBe('anonymous');
    await forgetExpired(deps);
    expect(await deps.prisma.session.count()).toBe(0);
  });

  it('an invitation expires', async () => {
    const { invitation } = await createPerson(deps, caller, { name: 'Late', grants: [], reason: null });
    now += 73 * HOUR;
    expect(
      await codeOf(acceptInvitation(deps, caller, { token: invitation.token, password: PASSWORD })),
    ).toBe('NOT_FOUND');
  });

  it('guesses wait longer and longer; the delay passes, and is for that name from that address', async () => {
    const { name } = await somebody();
    const guess = () => codeOf(logIn(deps, caller, { name, password: 'a guess' }));
    const come = (from = caller.from) =>
      codeOf(logIn(deps, { ...caller, from }, { name, password: PASSWORD }));
    expect(
      await Promise.all(Array.from({ length: 12 }, guess)).then((all) =>
        all.filter((code) => code === 'UNAUTHENTICATED'),
      ),
    ).toHaveLength(6);
    expect(await come()).toBe('UNAVAILABLE');
    expect(await come('198.51.100.7'), 'from elsewhere').toBe('in');
    now += 1000;
    expect(await guess()).toBe('UNAUTHENTICATED');
    now += 1999;
    expect(await come(), 'the delay is twice as long').toBe('UNAVAILABLE');
    now += 1;
    expect(await come()).toBe('in');
    expect(await guess(), 'all is forgotten').toBe('UNAUTHENTICATED');
    expect(await guess()).toBe('UNAUTHENTICATED');
  });

  it('a browser that is known is held up by what is guessed with it, and by nothing else', async () => {
    const { name, device } = await somebody();
    const attempt = (password: string, browser?: string, from = caller.from) =>
      codeOf(logIn(deps, { ...caller, from, device: browser }, { name, password }));
    const others = Array.from({ length: 40 }, (_, n) => `other ${n}`);
    for (let n = 0; n < 6; n++) await attempt('a guess');
    for (const other of others) await codeOf(logIn(deps, caller, { name: other, password: 'a guess' }));
    expect(await attempt(PASSWORD), 'the address is held up').toBe('UNAVAILABLE');
    expect(await attempt(PASSWORD, `ocd_${'x'.repeat(43)}`), 'with any other browser').toBe('UNAVAILABLE');
    people++;
    const stranger = await somebody();
    expect(await attempt(PASSWORD, stranger.device), 'also one that somebody else has').toBe('UNAVAILABLE');
    const { device: renewed } = await logIn(deps, { ...caller, device }, { name, password: PASSWORD });
    expect(await attempt(PASSWORD, device), 'a copy is good until the next log-in').toBe('UNAVAILABLE');

    // Whoever guesses with it, wherever, is held up with it, and there only.
    for (let n = 0; n < 6; n++)
      expect(await attempt('a guess', renewed, `198.51.100.${n}`)).toBe('UNAUTHENTICATED');
    expect(await attempt(PASSWORD, renewed)).toBe('UNAVAILABLE');
    expect(await attempt(PASSWORD, undefined, '198.51.100.1')).toBe('in');
    now += 1000;
    expect(await attempt(PASSWORD, renewed)).toBe('in');
  });

  it('a browser is known for so long, and to somebody are no more than twenty', async () => {
    const { name, principal, device } = await somebody();
    const known = () => deps.prisma.device.count({ where: { personId: principal.personId } });
    const come = (browser?: string) =>
      logIn(deps, { ...caller, device: browser }, { name, password: PASSWORD });
    now += 1;
    const { device: same } = await come(device);
    expect(await known(), 'the same one').toBe(1);
    now += 1;
    for (let n = 0; n < 20; n++) await come();
    expect(await known()).toBe(20);
    expect(await deps.prisma.device.count({ where: { hash: hashSecret(same!) } })).toBe(0);
    now += 91 * 24 * HOUR;
    await forgetExpired(deps);
    expect(await known()).toBe(0);
  });

  it('an address that tries many names is slowed down, for a minute at the most', async () => {
    const { name } = await somebody();
    const before = await deps.prisma.logInAttempts.count();
    const codes = [];
    for (let n = 0; n < 40; n++)
      codes.push(await codeOf(logIn(deps, caller, { name: `n${n}`, password: 'a guess' })));
    expect(codes.indexOf('UNAVAILABLE')).toBe(31);
    const kept = (await deps.prisma.logInAttempts.count()) - before;
    expect(kept, 'of 31 names and the address: what is refused leaves nothing behind').toBe(32);
    now += 60_000;
    expect(await codeOf(logIn(deps, caller, { name, password: PASSWORD }))).toBe('in');
    expect([5, 6, 7, 100].map((failures) => delayAfter(failures, { free: 5, longestMs: 900_000 }))).toEqual([
      0, 1000, 2000, 900_000,
    ]);
  });

  it('an attempt that nobody could look at counts as none', async () => {
    const { name } = await somebody();
    const busy = Object.assign(new Passwords(), {
      verify: () => Promise.reject(new AppError('UNAVAILABLE', 'Too many log in at once.')),
    });
    const failures = async () =>
      (await deps.prisma.logInAttempts.aggregate({ _sum: { failures: true } }))._sum.failures ?? 0;
    const before = await failures();
    for (let n = 0; n < 40; n++)
      expect(await codeOf(logIn({ ...deps, passwords: busy }, caller, { name, password: 'x' }))).toBe(
        'UNAVAILABLE',
      );
    expect(await failures()).toBe(before);
    expect(await codeOf(logIn(deps, caller, { name, password: PASSWORD }))).toBe('in');
  });

  it('a log-in in a browser that has a session ends that one with it, or neither happens', async () => {
    const first = await somebody();
    people++;
    const second = await somebody();
    const browser = { ...caller, principal: first.principal };
    const failing = deps.prisma.$extends({
      query: { session: { create: () => Promise.reject(new Error('no room')) } },
    }) as unknown as typeof deps.prisma;
    const credentials = { name: second.name, password: PASSWORD };
    await expect(logIn({ ...deps, prisma: failing }, browser, credentials)).rejects.toThrow('no room');
    expect(await kind(first.cookie)).toBe('person');
    await logIn(deps, browser, credentials);
    expect(await kind(first.cookie)).toBe('anonymous');
  });

  it('an IPv6 address counts with all that are given out with it', () => {
    expect(
      ['2001:db8::1', '2001:0db8:0:0:ffff::2', '::ffff:192.0.2.1', '192.0.2.1', '::1', 'fe80::1%eth0'].map(
        placeOf,
      ),
    ).toEqual(['2001:db8:0:0', '2001:db8:0:0', '192.0.2.1', '192.0.2.1', '0:0:0:0', 'fe80:0:0:0']);
  });

  it('what is open under a session or a key ends when that expires', async () => {
    const tail = new Tail({ log: logReader(database), bus: deps.bus, logger });
    await tail.start();
    const watch = new CredentialWatch({ ...deps, tail, logger });
    watch.start();
    const { principal } = await somebody();
    const { key } = await createApiKey(deps, caller, {
      name: 'short',
      grants: [],
      expiresInSeconds: 60,
      reason: null,
    });
    const ended: string[] = [];
    watch.watch(await authenticate({ authorization: `Bearer ${key}` }), () => ended.push('key'));
    watch.watch(principal, () => ended.push('session'));
    now += 60_000;
    await until('the key has ended', () => ended.length > 0);
    expect(ended).toEqual(['key']);
    now += sessions.maxMs;
    await until('the session has ended', () => ended.length > 1);
    await watch.stop();
    await tail.stop();
  });

  it('passwords are hashed a few at a time, and too many are refused', async () => {
    const passwords = new Passwords({ atOnce: 1, waiting: 2 });
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => passwords.verify(null, 'x')));
    const refused = all.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(5);
    expect(await passwords.verify(await passwords.hash(PASSWORD), PASSWORD)).toBe(true);
  });
});
