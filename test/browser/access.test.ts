import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import {
  firstAdministrator,
  PASSWORD,
  person,
  welcomeToken,
  type Browser as Visitor,
} from '../harness/people.ts';
import { RealCluster } from '../harness/real-manager.ts';
import { running, WireManager } from '../harness/wire-manager.ts';
import { launch, openPage, withSession } from './browser.ts';

const live = (page: Page) => page.getByText('Live', { exact: true }).waitFor();

/** By the keyboard alone: the first field has the focus. */
async function logInAs(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').waitFor();
  await page.keyboard.type(name);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
}

describe('the first one at an Operations Center', () => {
  let oc: Oc;
  let browser: Browser;
  beforeAll(async () => {
    oc = await Oc.start({ auth: true, leaseSeconds: 120 });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await oc?.stop();
  });

  it('becomes administrator by the link that was printed, leaves, and logs in to where a link leads', async () => {
    const { page, complaints } = await openPage(browser, oc.url);
    await page.waitForURL(`${oc.url}/login`);
    await page.getByText('Nobody can log in yet.').waitFor();

    await page.goto(`${oc.url}/welcome?token=${welcomeToken(oc)}`);
    await logInAs(page, 'Ann');
    await live(page);

    // To look at the empty system, however often, makes one token. The first must have come: one that is left behind
    // before its answer is there is made for nobody.
    await page.getByTestId('join-command').waitFor();
    await page.reload();
    expect(await page.getByTestId('join-command').textContent()).toContain('token: oce_');
    await page.reload();
    await page.getByTestId('join-command').waitFor();
    await page.goto(`${oc.url}/access`);
    await page.waitForURL(`${oc.url}/access/people`);
    await page.getByRole('link', { name: 'Enrolment tokens' }).click();
    await page.getByText('showing 1 of 1').waitFor();

    await page.getByRole('button', { name: 'Account: Ann' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Log out' }).waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${oc.url}/login`);

    await page.goto(`${oc.url}/operations?status=FAILED&q=night`);
    await page.waitForURL(/\/login\?next=/);
    await logInAs(page, 'Ann');
    await page.waitForURL(`${oc.url}/operations?status=FAILED&q=night`);
    await live(page);

    await page.goto(`${oc.url}/welcome?token=${welcomeToken(oc)}`);
    await page.getByText('This link does not work (any more)').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('is told that name or password are wrong, and nothing more', async () => {
    const { page, complaints } = await openPage(browser, `${oc.url}/login`);
    await page.getByLabel('Name').fill('Ann');
    await page.getByLabel('Password').fill('not the password');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).not.toMatch(/UNAUTHENTICATED|Ann/);
    expect(new URL(page.url()).pathname).toBe('/login');
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

describe('people at an Operations Center', () => {
  let oc: Oc;
  let browser: Browser;
  let ann: Visitor;
  let shop: WireManager;
  beforeAll(async () => {
    oc = await Oc.start({ auth: true, leaseSeconds: 600 });
    browser = await launch();
    ann = await firstAdministrator(oc);
    shop = await WireManager.join(ann, 'shop');
    await shop.snapshot(running('web-1', 'web-2'));
    await WireManager.join(ann, 'search');
  });
  afterAll(async () => {
    await browser?.close();
    await oc?.stop();
  });

  it('an invited viewer sees one cluster, why nothing can be done there, and is out when disabled', async () => {
    const { page, complaints } = await openPage(browser, `${oc.url}/access/people`, withSession(ann));
    await page.getByRole('button', { name: 'Invite a person' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Vic');
    await dialog.getByLabel('Chosen clusters').check();
    await dialog.getByLabel('Clusters by name').fill('shop');
    await dialog.getByRole('button', { name: 'Invite' }).click();
    const link = await page.getByTestId('secret').textContent();
    await page.getByRole('button', { name: 'Done' }).click();

    const { page: vic, complaints: ofVic } = await openPage(browser, link!.trim());
    await vic.getByText('You are invited as').waitFor();
    await vic.getByLabel('Password').fill(PASSWORD);
    await vic.keyboard.press('Enter');
    await live(vic);
    expect(await vic.getByTestId('scope').textContent()).toContain('viewer of cluster shop');
    await vic.getByRole('link', { name: /shop/ }).first().click();
    await vic.getByRole('heading', { name: 'shop', level: 1 }).waitFor();
    expect(await vic.getByText('search', { exact: true }).count()).toBe(0);

    const restart = vic.getByRole('button', { name: 'Rolling restart' });
    await restart.focus();
    await vic.getByText('It needs the role OPERATOR over this cluster.').first().waitFor();
    expect(await restart.getAttribute('aria-disabled')).toBe('true');
    await vic.keyboard.press('Enter');
    expect(await vic.getByRole('dialog').count()).toBe(0);
    await vic.keyboard.press('Control+k');
    await vic.keyboard.type('shop');
    const act = vic.getByRole('option', { name: /Rolling restart of shop.*OPERATOR/ });
    await act.waitFor();
    expect(await act.getAttribute('aria-disabled')).toBe('true');
    await vic.keyboard.press('Escape');
    for (const [path, what] of [
      ['/access/people', 'People'],
      ['/audit', 'The entries of the audit log'],
    ]) {
      await vic.goto(oc.url + path);
      await vic.getByRole('heading', { name: `${what} are not for you to see` }).waitFor();
    }
    await live(vic);

    await page.getByRole('button', { name: 'Disable Vic' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await vic.getByRole('heading', { name: 'Log in again' }).waitFor({ timeout: 5_000 });
    await vic.getByRole('dialog').getByLabel('Password').fill(PASSWORD);
    await vic.keyboard.press('Enter');
    await vic.getByRole('alert').waitFor();
    expect(complaints).toEqual([]);
    expect(ofVic).toEqual([]);
    await page.context().close();
    await vic.context().close();
  });

  it('whose session ends goes on after a log-in with what was typed', async () => {
    const { id, browser: bob } = await person(ann, 'Bob', [{ role: 'OPERATOR' }]);
    const { page, complaints } = await openPage(
      browser,
      `${oc.url}/clusters/${shop.clusterId}?q=web`,
      withSession(bob),
    );
    await live(page);
    await page.getByRole('button', { name: 'Rolling restart' }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('a new certificate');

    await ann.data('mutation ($input: UpdatePersonInput!) { updatePerson(input: $input) { id } }', {
      input: { id, grants: [{ role: 'OPERATOR', clusters: { names: ['shop'] } }] },
    });
    const again = page.getByRole('dialog', { name: 'Log in again' });
    await again.waitFor();
    await page.keyboard.press('Escape');
    await again.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await again.waitFor({ state: 'detached' });
    await live(page);
    expect(await page.getByRole('dialog').getByLabel('Reason').inputValue()).toBe('a new certificate');
    const start = page.getByRole('button', { name: /^Start rolling restart of 2 nodes/ });
    await start.click();
    await page.waitForURL(/\/operations\/.+/);
    await page.getByText('a new certificate').first().waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('a token that was made lets a real manager join; revoked, it is cut off; the audit log tells it all', async () => {
    const { page, complaints } = await openPage(browser, `${oc.url}/access/tokens?new=1`, withSession(ann));
    await page.getByLabel('Cluster', { exact: true }).fill('fresh');
    await page.getByLabel('Labels').fill('zone=a');
    await page.keyboard.press('Enter');
    const [command, token] = await Promise.all([
      page.getByTestId('secret').first().textContent(),
      page.getByTestId('secret').nth(1).textContent(),
    ]);
    expect(command).toContain(token!.trim());
    expect(command).toContain('npm run manager -- --config');
    await page.getByRole('button', { name: 'Done' }).click();
    const cluster = await RealCluster.create(oc, 'fresh', { workers: 2 });
    await cluster.startManager('fresh-m1', token!.trim());
    await page.goto(oc.url);
    await page.getByRole('link', { name: /fresh/ }).first().click();
    await page.getByText('All 2 nodes running.').first().waitFor();

    await page.getByRole('button', { name: 'Revoke fresh-m1' }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('the machine was stolen');
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('the machine was stolen').first().waitFor();

    await page.getByRole('link', { name: 'Audit' }).click();
    const entries = page.getByRole('table', { name: 'Entries' });
    for (const action of ['createEnrolmentToken', 'registerManager', 'revokeManager'])
      await entries
        .getByRole('button', { name: new RegExp(`^${action},`) })
        .first()
        .waitFor();
    await page.getByRole('searchbox', { name: 'On what: name or id' }).fill('fresh-m1');
    await page.waitForURL(/target=fresh-m1/);
    await page.getByLabel('What', { exact: true }).selectOption('revokeManager');
    await page.getByText('showing 1 of 1').waitFor();
    await entries.getByRole('button', { name: /^revokeManager,/ }).click();
    const detail = entries.getByRole('definition').filter({ hasText: 'the machine was stolen' });
    await detail.waitFor();

    const exported = await page.request.get(
      oc.url + (await page.getByRole('link', { name: /^Export these/ }).getAttribute('href'))!,
    );
    const lines = (await exported.text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        action: 'revokeManager',
        actorName: 'Ann',
        reason: 'the machine was stolen',
        result: 'DONE',
      }),
    ]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('an API key is shown once, works, and stops when it is revoked', async () => {
    const { page, complaints } = await openPage(browser, `${oc.url}/access/keys`, withSession(ann));
    await page.getByText('There is no API key.').waitFor();
    await page.getByRole('button', { name: 'Make an API key' }).click();
    await page.getByRole('dialog').getByLabel('What it is for').fill('nightly');
    await page.keyboard.press('Enter');
    const key = (await page.getByTestId('secret').first().textContent())!.trim();
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await page.getByText(key).count()).toBe(0);
    const nightly = oc.client.as(key);
    expect(await nightly.data('{ viewer { kind name } }')).toEqual({
      viewer: { kind: 'KEY', name: 'nightly' },
    });

    await page.getByRole('button', { name: 'Revoke nightly' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('table').getByText('revoked', { exact: true }).waitFor();
    expect((await nightly.fault('{ viewer { kind } }')).extensions.code).toBe('UNAUTHENTICATED');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('chooses another password, which ends the other sessions and not this one', async () => {
    const { browser: eve } = await person(ann, 'Eve', [{ role: 'VIEWER' }]);
    const { page, complaints } = await openPage(browser, `${oc.url}/account`, withSession(eve));
    const { page: other } = await openPage(browser, oc.url);
    await logInAs(other, 'Eve');
    await live(other);
    await live(page);
    await page.getByLabel('Present password').fill(PASSWORD);
    await page.getByLabel('New password').fill('another one, as long as it takes');
    await page.keyboard.press('Enter');
    await page.getByText('Changed. Your other sessions have ended.').waitFor();
    await live(page);
    await other.getByRole('heading', { name: 'Log in again' }).waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
    await other.context().close();
  });

  it('is logged out everywhere by an administrator, or by oneself, and logs in again', async () => {
    const { browser: fay } = await person(ann, 'Fay', [{ role: 'VIEWER' }]);
    const { page, complaints } = await openPage(browser, `${oc.url}/access/people?q=fay`, withSession(ann));
    const { page: hers } = await openPage(browser, `${oc.url}/account`, withSession(fay));
    await live(hers);
    await page.getByText('in 1 browser').waitFor();
    await page.getByRole('button', { name: 'Log out Fay' }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('left open in the lobby');
    await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
    await hers.getByRole('heading', { name: 'Log in again' }).waitFor();
    await page.getByText('in 1 browser').waitFor({ state: 'hidden' });

    await hers.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
    await hers.keyboard.press('Enter');
    await hers.getByRole('button', { name: 'Log out everywhere' }).click();
    await hers.getByRole('dialog').getByRole('button', { name: 'Log out everywhere' }).click();
    await hers.waitForURL(`${oc.url}/login`);
    await page.goto(`${oc.url}/audit?target=Fay`);
    await page.getByLabel('What', { exact: true }).selectOption('endSessions');
    await page.getByText('showing 1 of 1').waitFor();
    expect(
      (await ann.data('{ people(filter: { search: "fay" }) { edges { node { sessionCount } } } }')).people,
    ).toEqual({ edges: [{ node: { sessionCount: 0 } }] });
    expect(complaints).toEqual([]);
    await page.context().close();
    await hers.context().close();
  });
});

describe('an Operations Center without a log-in', () => {
  it('says so on every page', async () => {
    const oc = await Oc.start();
    const browser = await launch();
    const { page, complaints } = await openPage(browser, oc.url);
    for (const path of ['/', '/operations', '/access/people', '/audit', '/account']) {
      await page.goto(oc.url + path);
      await page.getByText('Everyone who reaches this address is administrator.').waitFor();
    }
    expect(complaints).toEqual([]);
    await browser.close();
    await oc.stop();
  });
});
