import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOperation } from '../harness/operation.ts';
import { Oc } from '../harness/oc.ts';
import { WireManager, running } from '../harness/wire-manager.ts';
import { launch, openPage } from './browser.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

describe('every page', () => {
  let oc: Oc;
  let browser: Browser;
  const pages: Record<string, string> = {};
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 300 });
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
    Object.assign(pages, {
      system: '/',
      table: '/?view=table',
      cluster: `/clusters/${manager.clusterId}`,
      node: `/nodes/${cluster.nodes.edges[0].node.id}`,
      operations: '/operations',
      operation: `/operations/${operation}`,
    });
  });
  afterAll(async () => {
    await browser?.close();
    await oc?.stop();
  });

  for (const name of ['system', 'table', 'cluster', 'node', 'operations', 'operation']) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`${name} in ${colorScheme}: nothing for axe-core to find, wide and narrow, and a quiet console`, async () => {
        const { page, complaints } = await openPage(browser, oc.url + pages[name]!, { colorScheme });
        for (const width of [1440, 390]) {
          await page.setViewportSize({ width, height: 844 });
          await page.getByRole('main').waitFor();
          await page
            .getByText(/shop|web-/)
            .first()
            .waitFor({ state: 'attached' });
          await page.evaluate(axe);
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
            `${name} at ${width} px`,
          ).toEqual([]);
          const overflow = await page.evaluate(
            () => document.documentElement.scrollWidth - window.innerWidth,
          );
          expect(overflow, `${name} scrolls sideways at ${width} px`).toBeLessThanOrEqual(0);
        }
        expect(complaints).toEqual([]);
        await page.context().close();
      });
    }
  }
});
