import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOperation } from '../harness/operation.ts';
import { Oc } from '../harness/oc.ts';
import { apiKey, person, welcomeToken } from '../harness/people.ts';
import { WireManager, running } from '../harness/wire-manager.ts';
import { launch, openPage } from './browser.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

describe('every page', () => {
  let oc: Oc;
  let guarded: Oc;
  let browser: Browser;
  /** Of each: its address, and what is to be seen before it is looked at. */
  const pages: Record<string, [url: string, shows: RegExp]> = {};
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 300 });
    guarded = await Oc.start({ auth: true });
    const welcome = `${guarded.url}/welcome?token=${welcomeToken(guarded)}`;
    browser = await launch();
    const manager = await WireManager.join(oc.client, 'shop');
    await manager.snapshot([
      ...running('web-1', 'web-2'),
      { name: 'web-3', status: 'DOWN', statusReason: 'exited with code 1' },
    ]);
    const { cluster } = await oc.client.data(
      'query ($id: ID!) { cluster(id: $id) { nodes { edges { node { id } } } } }',
      {
        id: manager.clusterId,
      },
    );
    const operation = await startOperation(oc.client, {
      kind: 'ROLLING_RESTART',
      targets: { clusterIds: [manager.clusterId] },
    });
    await person(oc.client, 'Vic', [{ role: 'VIEWER', clusters: { names: ['shop'] } }]);
    await apiKey(oc.client, [{ role: 'OPERATOR' }]);
    const freeze = {
      clusters: { names: ['shop'] },
      until: new Date(Date.now() + 86_400_000),
      reason: 'month end',
    };
    await oc.client.data('mutation ($input: CreateFreezeInput!) { createFreeze(input: $input) { id } }', {
      input: freeze,
    });
    const shown = /shop|web-/;
    const wave = encodeURIComponent(JSON.stringify(['canary', 'amount', '1', true, '']));
    const within = (path: string, shows = shown): [string, RegExp] => [oc.url + path, shows];
    Object.assign(pages, {
      system: within('/'),
      table: within('/?view=table'),
      cluster: within(`/clusters/${manager.clusterId}`),
      node: within(`/nodes/${cluster.nodes.edges[0].node.id}`),
      operations: within('/operations'),
      operation: within(`/operations/${operation}`),
      strategy: within(
        `/operations/new?step=strategy&cluster=${manager.clusterId}&wave=${wave}`,
        /manual gate/,
      ),
      plan: within(`/operations/new?step=plan&cluster=${manager.clusterId}`, /Batch 1/),
      people: within('/access/people', /Vic/),
      invitation: within('/access/people?new=1', /By which the person logs in/),
      keys: within('/access/keys', /a program/),
      'new key': within('/access/keys?new=1', /What it is for/),
      tokens: within('/access/tokens', /used up/),
      'new token': within('/access/tokens?new=1', /Managers that it admits/),
      audit: within('/audit', /createPerson/),
      account: within('/account', /AUTH=on/),
      calendar: within('/calendar', /month end/),
      freeze: within('/calendar?new=freeze', /The whole system/),
      welcome: [welcome, /Become the administrator/],
      'log-in': [`${guarded.url}/login`, /Nobody can log in yet|Log in/],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await oc?.stop();
    await guarded?.stop();
  });

  for (const name of [
    ...['system', 'table', 'cluster', 'node', 'operations', 'operation', 'people', 'invitation', 'keys'],
    ...['new key', 'tokens', 'new token', 'audit', 'account', 'welcome', 'log-in', 'strategy', 'plan'],
    ...['calendar', 'freeze'],
  ]) {
    it(`${name}: nothing for axe-core to find, wide and narrow, light and dark, and a quiet console`, async () => {
      const { page, complaints } = await openPage(browser, pages[name]![0], { colorScheme: 'light' });
      await page.getByRole('main').waitFor({ state: 'attached' });
      await page.getByText(pages[name]![1]).first().waitFor({ state: 'attached' });
      await page.evaluate(axe);
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 844 });
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          const violations = await page.evaluate(
            async (options) => {
              const { axe: runner } = window as unknown as {
                axe: { run(options: object): Promise<{ violations: Violation[] }> };
              };
              return (await runner.run(options)).violations;
            },
            // A scheme is a choice of colours and of nothing else.
            colorScheme === 'light' ? {} : { runOnly: ['color-contrast'] },
          );
          expect(
            violations.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary]),
            `${name} at ${width} px in ${colorScheme}`,
          ).toEqual([]);
        }
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(overflow, `${name} scrolls sideways at ${width} px`).toBeLessThanOrEqual(0);
      }
      expect(complaints).toEqual([]);
      await page.context().close();
    });
  }
});
