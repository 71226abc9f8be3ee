import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { firstAdministrator, person, type Browser as Visitor } from '../harness/people.ts';
import { WireManager, running } from '../harness/wire-manager.ts';
import { launch, openPage, withSession } from './browser.ts';

let oc: Oc;
let browser: Browser;
let ann: Visitor;
let ben: Visitor;
let shop: WireManager;
beforeAll(async () => {
  oc = await Oc.start({ auth: true, leaseSeconds: 300 });
  ann = await firstAdministrator(oc);
  ({ browser: ben } = await person(ann, 'Ben', [{ role: 'OPERATOR' }]));
  shop = await WireManager.join(ann, 'shop');
  await shop.snapshot(running('a', 'b'));
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await oc?.stop();
});

/** A date and a time to come, as a field of them takes it. */
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString().slice(0, 16);
const row = (page: Page, table: string) => page.getByRole('table', { name: table }).getByRole('row').last();

it('an operator freezes a cluster, has work begin later with an approval, and sees all of it in the calendar', async () => {
  const { page, complaints } = await openPage(browser, `${oc.url}/calendar`, withSession(ann));
  await page.getByText('Nothing is frozen, now or later.').waitFor();
  await page.getByText('No operation waits to begin.').waitFor();
  await page.getByRole('button', { name: 'Freeze', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Chosen clusters').check();
  await dialog.getByLabel('Clusters by name').fill('shop');
  await dialog.getByLabel('Until').fill('2001-01-01T00:00');
  await dialog.getByLabel('Reason').fill('month end');
  await dialog.getByRole('button', { name: 'Freeze', exact: true }).click();
  // What is wrong stands at its field, and nothing that was filled in is lost.
  await dialog.getByText(/^(is past|must|ends)/).waitFor();
  await dialog.getByLabel('Until').fill(tomorrow());
  await dialog.getByRole('button', { name: 'Freeze', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(await row(page, 'Freezes').innerText()).toMatch(/cluster shop[^]*frozen[^]*month end[^]*Ann/);

  await page.goto(`${oc.url}/operations/new?act=RESTART&approvals=1&step=plan&cluster=${shop.clusterId}`);
  await page.getByText('How long it takes is not known').waitFor();
  await page.getByRole('button', { name: 'Next: Start' }).click();
  await page.getByLabel('Later').check();
  await page.getByLabel('Not before').fill(tomorrow());
  await page.getByLabel('Reason').fill('a new kernel');
  await page.getByLabel(/^Type shop to confirm/).fill('shop');
  await page.getByRole('button', { name: 'Start restart of 2 nodes' }).click();
  await page.waitForURL(/\/operations\/(?!new)/);
  await page.getByText('It needs the approval of 1 person; approved by nobody yet.').first().waitFor();
  const own = page.getByRole('button', { name: 'Approve', exact: true });
  expect(await own.getAttribute('aria-disabled'), 'never by oneself').toBe('true');
  const address = page.url();

  const other = await openPage(browser, address, withSession(ben));
  await other.page.getByRole('button', { name: 'Approve', exact: true }).click();
  const approval = other.page.getByRole('dialog');
  await approval.getByLabel('Reason').fill('looks right');
  await approval.getByRole('button', { name: 'Approve', exact: true }).click();
  await approval.waitFor({ state: 'detached' });
  await other.page.getByText('1 of 1: Ben').waitFor();
  await other.page.getByRole('button', { name: 'Withdraw approval' }).waitFor();
  await page.getByText('It is to begin at').first().waitFor();

  await page.goto(`${oc.url}/calendar`);
  await page.getByRole('link', { name: 'Restart of shop' }).waitFor();
  await page.getByRole('button', { name: 'Remove the freeze of cluster shop' }).click();
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('Nothing is frozen, now or later.').waitFor();
  expect([...complaints, ...other.complaints]).toEqual([]);
});

it('a cluster is planned to be offline, which its page and the calendar say, until it is back', async () => {
  const { page, complaints } = await openPage(
    browser,
    `${oc.url}/clusters/${shop.clusterId}`,
    withSession(ann),
  );
  await page.getByRole('button', { name: 'Plan offline' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Returns').fill(tomorrow());
  await dialog.getByLabel('Reason').fill('it moves to another rack');
  await dialog.getByRole('button', { name: 'Plan offline' }).click();
  await page.getByText('Offline by plan.').waitFor();
  await page.goto(`${oc.url}/calendar`);
  await page.getByText('it moves to another rack').waitFor();
  await page.getByRole('button', { name: 'shop is back' }).click();
  await dialog.getByRole('button', { name: 'End', exact: true }).click();
  await page.getByText('No cluster and no node is planned to be offline.').waitFor();
  expect(complaints).toEqual([]);
});
