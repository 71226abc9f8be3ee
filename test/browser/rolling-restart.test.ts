import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { isAlive, RealCluster, WORKER } from '../harness/real-manager.ts';
import { batchSpans, mostAtOnce, operationEnded } from '../harness/operation.ts';
import { until } from '../harness/until.ts';
import { WireManager } from '../harness/wire-manager.ts';
import { launch, openPage } from './browser.ts';

describe('an operator at the screen', () => {
  let oc: Oc;
  let browser: Browser;
  let fragile: RealCluster;
  /** While this file is there, a worker of `fragile` that is started waits. */
  let gate: string;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 5, env: { SYSTEM_NAME: 'Story' } });
    gate = join(oc.folder, 'gate');
    const atTheGate = 'while [ -e "$GATE" ]; do sleep 0.1; done; exec "$0" "$@"';
    fragile = await RealCluster.start(oc, 'fragile', {
      workers: 2,
      env: { GATE: gate },
      process: { command: ['/bin/sh', '-c', atTheGate, process.execPath, WORKER], restart: 'always' },
    });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await oc?.stop();
  });

  it('goes from the system to a cluster, restarts it node by node and sees every process change', async () => {
    const shop = await RealCluster.start(oc, 'shop', { workers: 4, env: { START_MS: '400' } });
    const before = await shop.pids();
    const { page, complaints } = await openPage(browser, oc.url);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('link', { name: /shop/ }).first().click();
    await page.getByRole('heading', { name: /^shop/, level: 1 }).waitFor();
    for (const pid of Object.values(before)) await page.getByText(String(pid)).first().waitFor();

    await page.getByRole('button', { name: 'Rolling restart' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Batch size').fill('2');
    await dialog.getByLabel('Max unavailable').fill('2');
    await dialog.getByLabel('Reason').fill('a new certificate');
    const begin = dialog.getByRole('button', { name: /^Start rolling restart of 4 nodes/ });
    await begin.waitFor();
    await begin.click();

    await page.waitForURL(/\/operations\/.+/);
    await page.getByText('a new certificate').first().waitFor();
    const id = new URL(page.url()).pathname.split('/').at(-1)!;
    const ended = await operationEnded(oc.client, id);
    expect(ended.steps.map(({ status }) => status)).toEqual(Array(4).fill('SUCCEEDED'));
    // The operation, its cluster's command and each of the four steps say so.
    await until('the page says so', async () => (await page.getByText(/^succeeded$/i).count()) >= 6);

    await page.getByRole('link', { name: 'shop' }).first().click();
    await page.getByRole('heading', { name: /^shop/, level: 1 }).waitFor();
    const after = await shop.asTheStepsSay(ended.steps);
    for (const [name, pid] of Object.entries(after)) {
      expect(pid, name).not.toBe(before[name]);
      expect(isAlive(before[name]!), `${name} of before`).toBe(false);
      await page.getByText(String(pid)).first().waitFor();
    }
    expect(mostAtOnce(ended.steps), 'nodes at once').toBe(2);
    expect(batchSpans(ended.steps)).toHaveLength(2);
    expect(mostAtOnce(batchSpans(ended.steps)), 'batches at once').toBe(1);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('sees a worker die and come back without touching anything', async () => {
    const { page, complaints } = await openPage(browser, `${oc.url}/clusters/${await fragile.id()}`);
    await page.getByRole('heading', { name: 'fragile' }).waitFor();
    await page.getByText('All 2 nodes running.').first().waitFor();
    const { pid } = await fragile.node('web-1');
    writeFileSync(gate, '');
    process.kill(pid!, 'SIGKILL');
    await page
      .getByText(/^1 (down|starting|unhealthy) of 2 nodes\.$/)
      .first()
      .waitFor();
    rmSync(gate);
    await page.getByText('All 2 nodes running.').first().waitFor();
    const again = await fragile.node('web-1');
    expect(again.pid).not.toBe(pid);
    await page.getByText(String(again.pid)).first().waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('is told when what is shown grows old, keeps it, and is live again by itself', async () => {
    const { page } = await openPage(browser, oc.url);
    await page.getByText('Live', { exact: true }).waitFor();
    await page
      .getByRole('link', { name: /fragile/ })
      .first()
      .waitFor();
    await oc.kill('SIGKILL');
    await page
      .getByText(/Reconnecting|Stale since/)
      .first()
      .waitFor();
    expect(await page.getByRole('link', { name: /fragile/ }).count(), 'nothing is removed').toBeGreaterThan(
      0,
    );
    await oc.boot();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.context().close();
  });

  it('finds an empty system that teaches the next step, with a command that works', async () => {
    const empty = await Oc.start();
    const { page, complaints } = await openPage(browser, empty.url);
    await page.getByText(/oce_/).first().waitFor();
    const text = (await page.locator('pre, code').allTextContents()).join('\n');
    expect(text).toContain(`operationsCenter: "${empty.url}"`);
    expect(text).toContain('npm run manager -- --config');
    const token = /oce_[\w-]+/.exec(text)![0];
    const { data } = await WireManager.register(empty.client, {
      token,
      cluster: { name: 'first', kind: 'process' },
      manager: { name: 'first-m1', version: '1' },
    });
    expect(data.registerManager.lease.role).toBe('PRIMARY');
    await page.getByRole('link', { name: /first/ }).first().waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
    await empty.stop();
  });

  it('comes back to a deep link, and an address that is wrong is told so', async () => {
    const { page } = await openPage(browser, `${oc.url}/clusters/no-such-cluster`);
    await page
      .getByText(/no such cluster/i)
      .first()
      .waitFor();
    await page.goto(`${oc.url}/?view=table&status=nonsense&q=frag`);
    await page
      .getByRole('link', { name: /fragile/ })
      .first()
      .waitFor();
    await until(
      'the search is taken from the address',
      async () => (await page.getByRole('searchbox').first().inputValue()) === 'frag',
    );
    await page.context().close();
  });
});
