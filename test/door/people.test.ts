import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { unpaged } from '../harness/operator.ts';
import { apiKey, Browser, firstAdministrator, PASSWORD, person, welcomeToken } from '../harness/people.ts';
import { RawSocket } from '../harness/raw-socket.ts';
import { until } from '../harness/until.ts';

const VIEWER = '{ viewer { kind name grants { role clusters { names labels { key value } } } } }';
const UPDATE = 'mutation ($input: UpdatePersonInput!) { updatePerson(input: $input) { status } }';
const LIVE = 'subscription { topologyChanged { __typename } }';

const kind = async (browser: Browser) => (await browser.data(VIEWER)).viewer.kind;

describe('people', () => {
  let oc: Oc;
  let ann: Browser;

  beforeAll(async () => {
    oc = await Oc.start({ auth: true });
  });
  afterAll(() => oc.stop());

  it('are none at first: the link that the server printed makes one administrator, however many use it', async () => {
    const nobody = new Browser(oc.url);
    expect((await nobody.data('{ viewer { kind firstAdministratorWanted } }')).viewer).toEqual({
      kind: 'ANONYMOUS',
      firstAdministratorWanted: true,
    });
    expect((await nobody.fault('{ system { name } }')).extensions.code).toBe('UNAUTHENTICATED');
    const token = welcomeToken(oc);
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        new Browser(oc.url).send(
          'mutation ($input: CreateFirstAdministratorInput!) { createFirstAdministrator(input: $input) { name } }',
          { input: { token, name: `Ann${n}`, password: PASSWORD } },
        ),
      ),
    );
    const names = all.flatMap(({ data }) => (data ? [data.createFirstAdministrator.name] : []));
    expect(names).toHaveLength(1);
    const codes = new Set(
      all.flatMap(({ errors }) => errors?.map(({ extensions }) => extensions.code) ?? []),
    );
    expect([...codes]).toEqual(['NOT_FOUND']);
    ann = new Browser(oc.url);
    await ann.logIn(names[0].toUpperCase());
    expect((await ann.data(VIEWER)).viewer).toEqual({
      kind: 'PERSON',
      name: names[0],
      grants: [{ role: 'ADMINISTRATOR', clusters: null }],
    });
  });

  it('and after a restart no link is printed any more', async () => {
    await oc.kill('SIGTERM');
    await oc.boot();
    expect(oc.program.output).not.toContain('welcome');
    expect(await kind(ann), 'the session is still there').toBe('PERSON');
  });

  it('have a cookie that no script reads and no other page sends, another one at each log-in', async () => {
    expect(ann.setCookie).toMatch(
      /^oc-session=ocs_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    );
    const before = ann.cookie;
    await ann.logIn((await ann.data(VIEWER)).viewer.name);
    expect(ann.cookie).not.toBe(before);
    expect(ann.device, 'and another one by which the browser is known').toMatch(/^oc-device=ocd_[\w-]{43}$/);
    const old = new Browser(oc.url);
    old.cookie = before;
    expect(await kind(old), 'the one before').toBe('ANONYMOUS');
    const planted = new Browser(oc.url);
    planted.cookie = `oc-session=ocs_${'A'.repeat(43)}`;
    expect(await kind(planted)).toBe('ANONYMOUS');
  });

  it('under https have one that goes out over https only', async () => {
    const secure = await Oc.start({ auth: true, env: { PUBLIC_URL: 'https://oc.example.com' } });
    try {
      expect(secure.program.output).toContain('https://oc.example.com/welcome?token=');
      const administrator = await firstAdministrator(secure);
      expect(administrator.setCookie).toMatch(
        /^__Host-oc-session=ocs_[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Secure;/,
      );
      expect(await kind(administrator)).toBe('PERSON');
      expect(administrator.device).toMatch(/^__Host-oc-device=ocd_/);
      administrator.cookie = administrator.cookie!.replace('__Host-', '');
      expect(await kind(administrator), 'a cookie that plain http can have set').toBe('ANONYMOUS');
    } finally {
      await secure.stop();
    }
  });

  it('are invited and choose their passwords themselves, once', async () => {
    const { createPerson } = await ann.data(
      'mutation { createPerson(input: { name: "Bob", grants: [{ role: VIEWER }] }) { token path person { id status } } }',
    );
    expect(createPerson).toMatchObject({
      path: `/welcome?token=${createPerson.token}`,
      person: { status: 'INVITED' },
    });
    const bob = new Browser(oc.url);
    expect(
      (await bob.data('query ($t: String!) { invitation(token: $t) { name } }', { t: createPerson.token }))
        .invitation,
    ).toEqual({
      name: 'Bob',
    });
    const accept = (password: string) =>
      bob.send('mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { name } }', {
        input: { token: createPerson.token, password },
      });
    expect((await accept('short')).errors?.[0]?.extensions).toMatchObject({
      code: 'INVALID',
      field: 'input.password',
    });
    const all = await Promise.all([accept(PASSWORD), accept(PASSWORD), accept(PASSWORD)]);
    expect(all.filter(({ errors }) => !errors)).toHaveLength(1);
    expect(all.flatMap(({ errors }) => errors?.map(({ extensions }) => extensions.code) ?? [])).toEqual([
      'NOT_FOUND',
      'NOT_FOUND',
    ]);
    const taken = await ann.fault('mutation { createPerson(input: { name: "BOB", grants: [] }) { token } }');
    expect(taken.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.name' });
  });

  it('log out of one browser, on the server too, and what was open there ends', async () => {
    const { browser: one } = await person(ann, 'Cara', [{ role: 'VIEWER' }]);
    const other = new Browser(oc.url);
    await other.logIn('cara');
    const line = await RawSocket.open(one);
    line.ask(LIVE);
    await until('it is live', () => line.of('next').length > 0);
    const kept = await RawSocket.open(other);
    kept.ask(LIVE);
    const before = one.cookie;
    expect((await one.data('mutation { logOut { kind } }')).logOut.kind).toBe('ANONYMOUS');
    await until('the line is closed', () => line.closed);
    expect(line.closed?.code).toBe(4401);
    one.cookie = before;
    expect(await kind(one), 'the old cookie').toBe('ANONYMOUS');
    expect(await kind(other)).toBe('PERSON');
    expect(kept.closed).toBeUndefined();
    kept.webSocket.close();
  });

  it('who are disabled are invited by no link that would hold later', async () => {
    const { id } = await person(ann, 'Clio', [{ role: 'VIEWER' }]);
    await ann.data('mutation ($id: ID!) { updatePerson(input: { id: $id, disabled: true }) { id } }', { id });
    const refused = await ann.fault('mutation ($id: ID!) { invitePerson(id: $id) { token } }', { id });
    expect(refused.extensions.code).toBe('CONFLICT');
  });

  it('who change their password are asked for the old one, and stay in where they did it and nowhere else', async () => {
    const { browser: here } = await person(ann, 'Dora', [{ role: 'VIEWER' }]);
    const there = new Browser(oc.url);
    await there.logIn('Dora');
    const change = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { name } }';
    const wrong = await here.fault(change, {
      input: { current: 'what was it?', password: 'another long password' },
    });
    expect(wrong.extensions).toMatchObject({ code: 'INVALID', field: 'input.current' });
    const before = here.cookie;
    await here.data(change, { input: { current: PASSWORD, password: 'another long password' } });
    expect(here.cookie).not.toBe(before);
    expect([await kind(here), await kind(there)]).toEqual(['PERSON', 'ANONYMOUS']);
    expect((await there.logIn('Dora')).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await there.logIn('Dora', 'another long password')).errors).toBeUndefined();
  });

  it('may be changed by an administrator, which ends their sessions and what is open under them', async () => {
    const { id, browser } = await person(ann, 'Finn', [{ role: 'VIEWER' }]);
    const live = async () => {
      const line = await RawSocket.open(browser);
      line.ask(LIVE);
      await until('it is live', () => line.of('next').length > 0);
      return line;
    };
    const first = await live();
    await ann.data(UPDATE, { input: { id, grants: [{ role: 'OPERATOR', clusters: { names: ['x'] } }] } });
    await until('the line is closed', () => first.closed);
    expect(await kind(browser)).toBe('ANONYMOUS');
    await browser.logIn('Finn');
    expect((await browser.data(VIEWER)).viewer.grants).toEqual([
      { role: 'OPERATOR', clusters: { names: ['x'], labels: [] } },
    ]);
    const second = await live();
    await ann.data(UPDATE, { input: { id, disabled: true } });
    await until('the line is closed', () => second.closed);
    expect((await browser.logIn('Finn')).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    await ann.data(UPDATE, { input: { id, disabled: false } });
    expect((await browser.logIn('Finn')).errors).toBeUndefined();
  });

  it('never lose their last administrator; one who gives a right away goes on with what is left', async () => {
    const { people } = await ann.data(
      '{ people(filter: { role: [ADMINISTRATOR] }) { edges { node { id } } } }',
    );
    const id = people.edges[0].node.id;
    for (const input of [
      { id, disabled: true },
      { id, grants: [] },
      { id, grants: [{ role: 'OPERATOR' }] },
    ])
      expect((await ann.fault(UPDATE, { input })).extensions.code).toBe('CONFLICT');
    const { id: second, browser } = await person(ann, 'Gil', [{ role: 'ADMINISTRATOR' }]);
    const before = browser.cookie;
    await browser.data(UPDATE, { input: { id: second, grants: [{ role: 'OPERATOR' }] } });
    expect(browser.cookie).not.toBe(before);
    expect((await browser.data(VIEWER)).viewer.grants).toEqual([{ role: 'OPERATOR', clusters: null }]);
    expect((await browser.fault('{ people { totalCount } }')).message).toBe(
      'Query.people needs the role ADMINISTRATOR over the whole system.',
    );
  });

  it('are listed by page and filter', async () => {
    const list = async (args: string) =>
      (
        await ann.data(
          `{ people(${args}) { totalCount edges { node { name } } pageInfo { hasNextPage endCursor } } }`,
        )
      ).people;
    const page = await list('first: 2, filter: { status: [ACTIVE] }');
    expect(page.pageInfo.hasNextPage).toBe(true);
    const next = await list(`first: 2, after: "${page.pageInfo.endCursor}", filter: { status: [ACTIVE] }`);
    expect(next.edges[0].node.name > page.edges[1].node.name).toBe(true);
    expect((await list('filter: { search: "CAR" }')).edges).toEqual([{ node: { name: 'Cara' } }]);
    expect((await list('filter: { status: [INVITED] }')).totalCount).toBe(0);
  });

  it('make keys for programs, which may do what the keys say until they are revoked', async () => {
    const { id, client } = await apiKey(ann, [{ role: 'VIEWER' }]);
    expect((await client.data(VIEWER)).viewer).toMatchObject({ kind: 'KEY', name: 'a program' });
    expect((await client.data('{ system { name } }')).system.name).toBe('System');
    expect((await client.fault('{ people { totalCount } }')).extensions.code).toBe('FORBIDDEN');
    expect((await client.fault('mutation { logOut { kind } }')).extensions.code).toBe('FORBIDDEN');
    const { apiKeys } = await ann.data('{ apiKeys { totalCount edges { node { id status lastUsedAt } } } }');
    expect(apiKeys).toMatchObject({
      totalCount: 1,
      edges: [{ node: { id, status: 'ACTIVE', lastUsedAt: expect.any(String) } }],
    });
    const line = await RawSocket.open(client);
    line.ask(LIVE);
    await until('it is live', () => line.of('next').length > 0);
    await ann.data('mutation ($id: ID!) { revokeApiKey(id: $id) { status } }', { id });
    await until('the line is closed', () => line.closed);
    expect((await client.fault(VIEWER)).extensions.code).toBe('UNAUTHENTICATED');
    expect(
      (await ann.data('{ apiKeys(filter: { status: [REVOKED] }) { totalCount } }')).apiKeys.totalCount,
    ).toBe(1);
  });

  it('log in over HTTP only: a session begins with a cookie', async () => {
    const line = await RawSocket.open(new Browser(oc.url));
    line.ask(`mutation { logIn(input: { name: "Cara", password: "${PASSWORD}" }) { name } }`);
    await until('it is answered', () => line.messages.length > 1);
    expect(JSON.stringify(line.messages)).toContain('INVALID');
    line.webSocket.close();
  });

  it('are written down with what they did to whom, and no secret with it', async () => {
    const { people } = await ann.data('{ people(filter: { search: "Finn" }) { edges { node { id } } } }');
    const { id } = people.edges[0].node;
    await ann.data('mutation ($id: ID!) { invitePerson(id: $id) { token } }', { id });
    await ann.data(UPDATE, { input: { id, disabled: true, reason: 'has left' } });
    const { auditLog } = await ann.data(
      '{ auditLog(first: 500) { edges { node { action result reason detail targets { edges { node { type name } } } } } } }',
    );
    const entries = unpaged(auditLog);
    const done = new Set(
      entries.flatMap((entry: { action: string; result: string }) =>
        entry.result === 'DONE' ? [entry.action] : [],
      ),
    );
    expect([...done].sort()).toEqual([
      'acceptInvitation',
      'changePassword',
      'createApiKey',
      'createFirstAdministrator',
      'createPerson',
      'invitePerson',
      'logIn',
      'logOut',
      'revokeApiKey',
      'updatePerson',
    ]);
    expect(entries).toContainEqual(
      expect.objectContaining({
        action: 'updatePerson',
        reason: 'has left',
        targets: [{ type: 'Person', name: 'Finn' }],
      }),
    );
    const denied = entries.filter(({ result }: { result: string }) => result === 'DENIED');
    expect(denied.map(({ action }: { action: string }) => action)).toContain('logIn');
    expect(JSON.stringify(entries)).not.toMatch(new RegExp(`oc[ski]_|argon2|${PASSWORD}`));
  });
});
