import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operator } from '../harness/operator.ts';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';
import { launch, openPage } from './browser.ts';

describe('an operator with operations in waves', () => {
  let oc: Oc;
  let browser: Browser;
  beforeAll(async () => {
    // No manager here renews its lease: what is at stake is the work.
    oc = await Oc.start({ leaseSeconds: 300 });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await oc?.stop();
  });
  const { start } = operator(() => oc);

  /** A cluster of nodes whose manager reports what the story wants it to. */
  async function cluster(name: string, nodes: string[]) {
    const manager = await WireManager.join(oc.client, name);
    await manager.snapshot(running(...nodes));
    const line = manager.commands();
    const ended = new Set<string>();
    /** Waits for the newest command there and reports how it ended. */
    const finish = async (status: 'SUCCEEDED' | 'FAILED', statusReason?: string) => {
      // One that has ended may come once more: it was on its way.
      const command = await until(`a command at ${name}`, () =>
        line.events.findLast(({ id }) => !ended.has(id)),
      );
      ended.add(command.id);
      const steps = command.allSteps.map(({ nodeName }: { nodeName: string }) => ({ nodeName, status }));
      const { errors } = await manager.reportCommand({
        commandId: command.id,
        sequence: 1,
        status,
        statusReason,
        steps,
      });
      expect(errors).toBeUndefined();
    };
    return { id: manager.clusterId, manager, finish, close: () => line.close() };
  }
  /** Confirms an act in its dialog. */
  async function confirm(page: Page, act: string, reason: string): Promise<void> {
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill(reason);
    await dialog.getByRole('button', { name: act, exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  it('plans a canary and the rest behind a gate, sees what it waits for, promotes, and it ends', async () => {
    const [first, second] = [await cluster('wave-a', ['n-1', 'n-2']), await cluster('wave-b', ['n-3'])];
    const { page, complaints } = await openPage(browser, `${oc.url}/operations/new?q=wave-&act=RESTART`);
    await page.getByText('nothing chosen').waitFor();
    await page.getByRole('button', { name: 'Choose all 2 that match' }).click();
    await page.getByText('2 whole clusters').waitFor();
    await page.getByRole('button', { name: 'Next: Strategy' }).click();
    await page.getByRole('button', { name: 'Canary, then the rest' }).click();
    await page.getByRole('button', { name: 'Next: Plan' }).click();
    await page.getByText('3 nodes in 2 clusters, 2 waves').waitFor();
    for (const node of ['n-1', 'n-2', 'n-3'])
      await page
        .getByText(new RegExp(`^${node} `))
        .first()
        .waitFor();

    // What was entered is in the address, and stays when one goes back.
    await page.goBack();
    await page.getByLabel('Name of wave 1').waitFor();
    await page.reload();
    expect(await page.getByLabel('Name of wave 1').inputValue()).toBe('canary');
    await page.getByRole('button', { name: 'Next: Plan' }).click();
    await page.getByText('3 nodes in 2 clusters, 2 waves').waitFor();
    await page.getByRole('button', { name: 'Next: Start' }).click();
    await page.getByLabel('Reason').fill('a new certificate');
    await page.getByLabel(/^Type 3 to confirm/).fill('3');
    await page.getByRole('button', { name: 'Start restart of 3 nodes' }).click();

    await page.waitForURL(/\/operations\/(?!new)/);
    await first.finish('SUCCEEDED');
    await page.getByText('Waits for promotion.').first().waitFor();
    await page.getByText('Wave “rest” has a manual gate.').first().waitFor();
    await page.getByRole('button', { name: 'Promote wave “rest”' }).click();
    await confirm(page, 'Promote', 'the canary sings');
    await second.finish('SUCCEEDED');
    await until(
      'both waves and the operation have succeeded',
      async () => (await page.getByText('succeeded', { exact: true }).count()) >= 3,
    );
    await page.getByText('Wave “rest” promoted. the canary sings').waitFor();
    expect(complaints).toEqual([]);
    for (const one of [first, second]) one.close();
    await page.context().close();
  });

  it('pauses and resumes, and retries what failed', async () => {
    const only = await cluster('failing', ['n-1']);
    const id = await start({ kind: 'RESTART', targets: { clusterIds: [only.id] } });
    const { page, complaints } = await openPage(browser, `${oc.url}/operations/${id}`);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await confirm(page, 'Pause', 'lunch');
    await page.getByText('Paused.').first().waitFor();
    await page.getByText(/lunch/).first().waitFor();
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await confirm(page, 'Resume', 'back');
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();

    await only.finish('FAILED', 'The disk is full.');
    await page.getByText('The disk is full.').first().waitFor();
    await page.getByRole('button', { name: 'Retry failed', exact: true }).first().click();
    await confirm(page, 'Retry failed', 'there is room again');
    // What one asked for is shown also where the order waits, because the pointer is over the list.
    await page.getByRole('region', { name: 'Clusters' }).hover();
    await page.getByText('attempt 2', { exact: true }).waitFor();
    await only.finish('SUCCEEDED');
    await page.getByText('1 of 1 node done').first().waitFor();
    expect(complaints).toEqual([]);
    only.close();
    await page.context().close();
  });

  it('takes a shutdown back', async () => {
    const only = await cluster('reverted', ['n-1', 'n-2']);
    const id = await start({ kind: 'SHUTDOWN', targets: { clusterIds: [only.id] } });
    await only.manager.delta(['n-1', 'n-2'].map((name) => ({ name, status: 'STOPPED' })));
    await only.finish('SUCCEEDED');
    const { page, complaints } = await openPage(browser, `${oc.url}/operations/${id}`);
    await page.getByRole('button', { name: 'Revert', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('it was the wrong one');
    await dialog.getByRole('button', { name: 'Start 2 nodes' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/operations/') && !url.pathname.endsWith(id));
    await page.getByRole('heading', { name: 'Start of reverted', level: 1 }).waitFor();
    await only.finish('SUCCEEDED');
    await page.getByText('2 of 2 nodes done').first().waitFor();
    expect(complaints).toEqual([]);
    only.close();
    await page.context().close();
  });

  it('sees what becomes of each node in each cluster at once', async () => {
    const fleet = [];
    for (const name of ['map-a', 'map-b', 'map-c']) fleet.push(await cluster(name, ['n-1', 'n-2']));
    const id = await start({ kind: 'RESTART', targets: { clusterIds: fleet.map((one) => one.id) } });
    const { page, complaints } = await openPage(browser, `${oc.url}/operations/${id}`);
    await page.getByLabel('map of the nodes').check();
    const maps = page.getByRole('listbox', { name: /^Map of the steps in map-/ });
    await until('there is a map of each', async () => (await maps.count()) === 3);
    await fleet[0]!.finish('FAILED', 'The disk is full.');
    const map = page.getByRole('listbox', { name: 'Map of the steps in map-a' });
    await map.getByRole('option', { name: 'n-1, failed' }).waitFor({ state: 'attached' });
    await map.press('Enter');
    await page.getByRole('button', { name: 'Hide the nodes of map-a' }).waitFor();
    expect(complaints).toEqual([]);
    for (const one of fleet) one.close();
    await page.context().close();
  });
});
