import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { ABORT, operator, unpaged } from '../harness/operator.ts';
import { apiKey, Browser, firstAdministrator, person, type GrantInput } from '../harness/people.ts';
import { RawSocket } from '../harness/raw-socket.ts';
import { until } from '../harness/until.ts';
import { WireManager } from '../harness/wire-manager.ts';

const PEOPLE = '{ everybody: people { totalCount } }';
const SCOPED: GrantInput = { role: 'OPERATOR', clusters: { names: ['shop'] } };

describe('what somebody is denied is written down', () => {
  let oc: Oc;
  let ann: Browser;
  beforeAll(async () => {
    oc = await Oc.start({ auth: true, leaseSeconds: 120 });
    ann = await firstAdministrator(oc);
  });
  afterAll(() => oc.stop());

  const { rolling, start } = operator(() => ({ client: ann }));
  const denials = async (filter: object) =>
    unpaged(
      (
        await ann.data(
          `query ($filter: AuditFilter) { auditLog(filter: $filter, first: 500) { edges { node {
            action actorKind actorName from detail targets { edges { node { type id name } } }
          } } } }`,
          { filter: { result: 'DENIED', ...filter } },
        )
      ).auditLog,
    );

  it.each<[string, (browser: Browser) => Promise<unknown>]>([
    ['by POST', (browser) => browser.fault(PEOPLE)],
    ['in a fragment', (browser) => browser.fault('{ ...P } fragment P on Query { people { totalCount } }')],
    ['with a directive', (browser) => browser.fault('{ people @include(if: true) { totalCount } }')],
    [
      'by GET',
      ({ url, headers }) => fetch(`${url}/graphql?query=${encodeURIComponent(PEOPLE)}`, { headers }),
    ],
    [
      'as a stream of events',
      ({ url, headers }) =>
        fetch(`${url}/graphql?query=${encodeURIComponent(PEOPLE)}`, {
          headers: { ...headers, accept: 'text/event-stream' },
        }).then((response) => response.text()),
    ],
    [
      'over a WebSocket',
      async (browser) => {
        const line = await RawSocket.open(browser);
        line.ask(PEOPLE);
        await until('it is answered', () => line.messages.length > 1);
        line.webSocket.close();
      },
    ],
  ])('once: a question %s', async (way, ask) => {
    const name = `asks ${way}`;
    const { browser } = await person(ann, name, [{ role: 'VIEWER' }]);
    await ask(browser);
    expect(await denials({ actor: name })).toMatchObject([
      { action: 'people', actorKind: 'PERSON', actorName: name, from: '127.0.0.1', targets: [] },
    ]);
  });

  it('of each who asks the same at once, though it is answered to all of them together', async () => {
    const names = Array.from({ length: 10 }, (_, n) => `together ${n}`);
    const all: Browser[] = [];
    for (const name of names) all.push((await person(ann, name, [])).browser);
    await Promise.all(all.map((browser) => browser.fault('{ system { name } }')));
    const denied = await denials({ action: ['system'] });
    expect(denied.map(({ actorName }: { actorName: string }) => actorName).sort()).toEqual(names);
  });

  it('also of a subscription, and of a program', async () => {
    const { client } = await apiKey(ann, [{ role: 'VIEWER' }], { name: 'nosy program' });
    const line = await RawSocket.open(client);
    const id = line.ask('subscription { commandIssued(epoch: 1) { id } }');
    const refused = await until('it is refused', () => line.of('next', id)[0]);
    expect(refused.payload.errors[0].extensions.code).toBe('FORBIDDEN');
    line.webSocket.close();
    await client.fault('{ enrolmentTokens { totalCount } }');
    expect(await denials({ actor: 'nosy program' })).toMatchObject([
      { action: 'enrolmentTokens', actorKind: 'KEY' },
      { action: 'commandIssued', actorKind: 'KEY' },
    ]);
  });

  it('also an act on what one does not see: it is answered like a wrong id, and looks like one', async () => {
    const [shop, other] = [await WireManager.join(ann, 'shop'), await WireManager.join(ann, 'other')];
    await other.snapshot([{ name: 'web-1', status: 'RUNNING' }]);
    const hidden = await start(rolling(other));
    const scoped = await person(ann, 'scoped', [SCOPED]);
    const everywhere = await person(ann, 'everywhere', [{ role: 'OPERATOR' }]);
    const abort = (client: Client, id: string) => client.fault(ABORT, { id });
    expect((await abort(scoped.browser, hidden)).extensions.code).toBe('NOT_FOUND');
    expect(await denials({ actor: 'scoped' })).toMatchObject([
      { action: 'abortOperation', targets: [{ type: 'Operation', id: hidden }] },
    ]);
    const unscoped = await person(ann, 'wrong', [SCOPED]);
    await abort(unscoped.browser, 'nothing');
    expect(await denials({ actor: 'wrong' })).toMatchObject([{ targets: [{ id: 'nothing' }] }]);
    await abort(everywhere.browser, 'nothing');
    expect(await denials({ actor: 'everywhere' }), 'who sees everything is refused nothing').toEqual([]);

    const { operation } = await ann.data(
      'query ($id: ID!) { operation(id: $id) { commands { edges { node { id } } } } }',
      { id: hidden },
    );
    const commandId = operation.commands.edges[0].node.id;
    const { errors } = await shop.reportCommand({ commandId, sequence: 1, status: 'ACCEPTED' });
    expect(errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    expect(await denials({ actor: 'shop-m1' })).toMatchObject([
      { action: 'reportCommand', actorKind: 'MANAGER', targets: [{ type: 'Command', id: commandId }] },
    ]);
  });

  it('but not what is asked by who is not logged in, or by who looks for what is not there', async () => {
    expect((await oc.client.fault(PEOPLE)).extensions.code).toBe('UNAUTHENTICATED');
    const { browser } = await person(ann, 'looks', [SCOPED]);
    await browser.data('{ cluster(id: "nothing") { id } operation(id: "nothing") { id } }');
    expect(await denials({ actor: 'looks' })).toEqual([]);
    expect(await denials({ actorKind: ['ANONYMOUS'], action: ['people'] })).toEqual([]);
    await oc.client.fault(ABORT, { id: 'nothing' });
    expect(await denials({ actorKind: ['ANONYMOUS'] }), 'an act is').toMatchObject([
      { action: 'abortOperation' },
    ]);
  });

  it('also a log-in by a wrong password, each at whom, and a wrong present one of somebody who is in', async () => {
    const victim = await person(ann, 'victim', [SCOPED]);
    const other = await person(ann, 'other victim', [SCOPED]);
    const guesser = new Browser(oc.url);
    for (const name of ['VICTIM', 'nobody of this name', 'other victim', 'victim'])
      expect((await guesser.logIn(name, 'guess')).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    const target = (id: string, name: string) => [{ type: 'Person', id, name }];
    expect(await denials({ action: ['logIn'] })).toMatchObject([
      { actorKind: 'ANONYMOUS', targets: target(other.id, 'other victim') },
      { actorKind: 'ANONYMOUS', targets: [] },
      { actorKind: 'ANONYMOUS', targets: target(victim.id, 'victim') },
    ]);
    const { extensions } = await victim.browser.fault(
      'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { name } }',
      { input: { current: 'guess', password: 'a password of my own' } },
    );
    expect(extensions).toEqual({ code: 'INVALID', field: 'input.current' });
    expect(await denials({ actor: 'victim', action: ['changePassword'] })).toMatchObject([
      { actorName: 'victim', targets: target(victim.id, 'victim') },
    ]);
  });
});
