import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { firstAdministrator, PASSWORD, person, type Browser as Visitor } from '../harness/people.ts';
import { running, WireManager } from '../harness/wire-manager.ts';
import { launch, openPage, withSession } from './browser.ts';

const live = (page: Page) => page.getByText('Live', { exact: true }).waitFor();

describe('people who may do little at an Operations Center', () => {
  let oc: Oc;
  let browser: Browser;
  let ann: Visitor;
  let shop: WireManager;
  beforeAll(async () => {
    oc = await Oc.start({ auth: true, leaseSeconds: 600 });
    browser = await launch();
    ann = await firstAdministrator(oc);
    shop = await WireManager.join(ann, 'shop');
    await shop.snapshot(running('web-1'));
  });
  afterAll(async () => {
    await browser?.close();
    await oc?.stop();
  });

  const deniedTo = async (actor: string): Promise<unknown[]> => {
    const { auditLog } = await ann.data(
      `query ($filter: AuditFilter) { auditLog(filter: $filter) { edges { node { action } } } }`,
      { filter: { actor, result: 'DENIED' } },
    );
    return auditLog.edges;
  };

  it('who has no role is told so and asks for nothing that is refused, until a role is given', async () => {
    const { id, browser: nil } = await person(ann, 'Nil', []);
    const { page, complaints } = await openPage(
      browser,
      `${oc.url}/clusters/${shop.clusterId}`,
      withSession(nil),
    );
    for (const path of ['/', '/operations', '/access/people', '/audit', `/clusters/${shop.clusterId}`]) {
      await page.goto(oc.url + path);
      await page.getByText('You have no role yet,').waitFor();
    }
    await page.getByRole('heading', { name: 'Change the password' }).waitFor();
    await ann.data('mutation ($input: UpdatePersonInput!) { updatePerson(input: $input) { id } }', {
      input: { id, grants: [{ role: 'VIEWER', clusters: { names: ['shop'] } }] },
    });
    const again = page.getByRole('dialog', { name: 'Log in again' });
    await again.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor();
    await live(page);
    expect(await deniedTo('Nil')).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('a viewer is shown why nothing can be started, wherever that begins', async () => {
    const { browser: vera } = await person(ann, 'Vera', [{ role: 'VIEWER' }]);
    const { page, complaints } = await openPage(browser, oc.url, withSession(vera));
    const why = 'It needs the role OPERATOR over a cluster.';
    for (const [path, name] of [
      ['/', /^Operate/],
      ['/operations', 'New operation'],
    ] as const) {
      await page.goto(oc.url + path);
      const button = page.getByRole('button', { name });
      await button.focus();
      await page.getByText(why).first().waitFor();
      expect(await button.getAttribute('aria-disabled')).toBe('true');
    }
    await page.keyboard.press('Control+k');
    await page.keyboard.type('New operation');
    const act = page.getByRole('option', { name: /New operation.*OPERATOR/ });
    await act.waitFor();
    expect(await act.getAttribute('aria-disabled')).toBe('true');
    expect(await deniedTo('Vera')).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
