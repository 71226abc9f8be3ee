import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { apiKey, Browser, firstAdministrator, person } from '../harness/people.ts';
import { RawSocket } from '../harness/raw-socket.ts';
import { until } from '../harness/until.ts';

const LIVE = 'subscription { topologyChanged { __typename } }';

const kind = async (browser: Browser) => (await browser.data('{ viewer { kind } }')).viewer.kind;

describe('the sessions of one person', () => {
  let oc: Oc;
  let ann: Browser;
  beforeAll(async () => {
    oc = await Oc.start({ auth: true });
    ann = await firstAdministrator(oc);
  });
  afterAll(() => oc.stop());

  it('end everywhere at once by oneself or by an administrator, and others may begin', async () => {
    const { id, browser: one } = await person(ann, 'Cleo', [{ role: 'VIEWER' }]);
    const other = new Browser(oc.url);
    const sessions = async () =>
      (await ann.data('query ($id: ID!) { person(id: $id) { sessionCount } }', { id })).person.sessionCount;
    const END = 'mutation ($id: ID!) { endSessions(id: $id, reason: "lost laptop") { sessionCount } }';
    const ways = [
      () => one.data('mutation { logOut(everywhere: true) { kind } }'),
      () => ann.data(END, { id }),
    ];
    for (const end of ways) {
      await one.logIn('Cleo');
      await other.logIn('Cleo');
      expect(await sessions()).toBe(2);
      const line = await RawSocket.open(other);
      line.ask(LIVE);
      await until('it is live', () => line.of('next').length > 0);
      await end();
      await until('the line is closed', () => line.closed);
      expect(line.closed?.code).toBe(4401);
      expect([await kind(one), await kind(other)]).toEqual(['ANONYMOUS', 'ANONYMOUS']);
      expect(await sessions()).toBe(0);
    }
    expect((await ann.fault(END, { id: 'nobody' })).extensions.code).toBe('NOT_FOUND');
    const { auditLog } = await ann.data(
      '{ auditLog(first: 1, filter: { action: ["endSessions"] }) { edges { node { reason } } } }',
    );
    expect(auditLog.edges[0].node.reason).toBe('lost laptop');
    await one.logIn('Cleo');
    expect(await kind(one)).toBe('PERSON');
  });
});

describe('a session that nobody uses', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ auth: true, env: { SESSION_IDLE_HOURS: '0.003' } });
  });
  afterAll(() => oc.stop());

  it('ends by itself; a page that is open and asks for nothing uses it', async () => {
    const ann = await firstAdministrator(oc);
    const { client } = await apiKey(ann, [{ role: 'ADMINISTRATOR' }]);
    const idle = await person(client, 'Ida', [{ role: 'VIEWER' }]);
    const open = await person(client, 'Ora', [{ role: 'VIEWER' }]);
    const line = await RawSocket.open(open.browser);
    line.ask(LIVE);
    const sessions = async ({ id }: { id: string }) =>
      (await client.data('query ($id: ID!) { person(id: $id) { sessionCount } }', { id })).person
        .sessionCount;
    await until('the idle one has ended', async () => (await sessions(idle)) === 0);
    expect(await sessions(open)).toBe(1);
    expect(line.closed).toBeUndefined();
    expect(await kind(open.browser)).toBe('PERSON');
    line.webSocket.terminate();
    await until('and the other one when its page is closed', async () => (await sessions(open)) === 0);
    expect(await kind(open.browser)).toBe('ANONYMOUS');
  });
});
