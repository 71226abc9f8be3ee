import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';
import { launch, openPage } from './browser.ts';

const root = join(import.meta.dirname, '..', '..');

describe('a system of 500 clusters with 20 nodes each', () => {
  let oc: Oc;
  let browser: Browser;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 600 });
    browser = await launch();
    const seed = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        join(root, 'demo', 'seed.ts'),
        '--url',
        oc.url,
        '--clusters',
        '500',
        '--nodes',
        '20',
        '--once',
      ],
      { cwd: root, stdio: 'ignore' },
    );
    expect(await new Promise((resolve) => seed.once('close', resolve))).toBe(0);
  });
  afterAll(async () => {
    await browser?.close();
    await oc?.stop();
  });

  it('opens, says how much of it is shown, stays live, and never has an element for each node', async () => {
    const { page, complaints } = await openPage(browser, oc.url);
    await page.getByText('showing 100 of 500').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.locator('*').count()).toBeLessThan(5000);
    const manager = await WireManager.join(oc.client, 'a-late-comer');
    await manager.snapshot([
      ...running('n-1'),
      { name: 'n-2', status: 'DOWN', statusReason: 'out of memory' },
    ]);
    await until(
      'the page tells of the new cluster',
      async () => (await page.getByText('of 501').count()) > 0,
    );
    await page
      .getByRole('link', { name: /a-late-comer/ })
      .first()
      .waitFor();
    await page.getByRole('searchbox').first().fill('sim-0499');
    await page
      .getByRole('link', { name: /sim-0499/ })
      .first()
      .waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
