import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { operator } from '../harness/operator.ts';
import { until } from '../harness/until.ts';
import { WireManager } from '../harness/wire-manager.ts';
import { launch, openPage } from './browser.ts';

/** Each would leave a mark if anything of it ran; the number says which it was. */
const PAYLOADS = (
  [
    (run) => `<script>${run}</script>`,
    (run) => `<ScRiPt src="data:text/javascript,${run}"></ScRiPt>`,
    (run) => `"><script>${run}</script>`,
    (run) => `'><script>${run}</script>`,
    (run) => `</title><script>${run}</script>`,
    (run) => `</script><script>${run}</script>`,
    (run) => `</textarea><script>${run}</script>`,
    (run) => `--><script>${run}</script><!--`,
    (run) => `]]><script>${run}</script>`,
    (run) => `<img src=x onerror="${run}">`,
    (run) => `<img src="//evil.example/x" onload="${run}">`,
    (run) => `" onmouseover="${run}" autofocus onfocus="${run}" x="`,
    (run) => `' onfocus='${run}' autofocus '`,
    (run) => `<svg onload="${run}">`,
    (run) => `<svg><animate onbegin="${run}" attributeName=x dur=1s>`,
    (run) => `<svg><script>${run}</script></svg>`,
    (run) => `<math><mtext></mtext><img src=x onerror="${run}"></math>`,
    (run) => `<iframe src="javascript:${run}"></iframe>`,
    (run) => `<iframe srcdoc="<script>parent.${run}</script>"></iframe>`,
    (run) => `<object data="javascript:${run}"></object>`,
    (run) => `<embed src="javascript:${run}">`,
    (run) => `<a href="javascript:${run}">click</a>`,
    (run) => `<body onload="${run}">`,
    (run) => `<details open ontoggle="${run}">x</details>`,
    (run) => `<video><source onerror="${run}"></video>`,
    (run) => `<input autofocus onfocus="${run}">`,
    (run) => `<style>@import "javascript:${run}";</style>`,
    (run) => `<link rel=stylesheet href="//evil.example/x.css" onerror="${run}">`,
    (run) => `{{constructor.constructor("${run}")()}}`,
    (run) => `\${${run}}{@html "<img src=x onerror=${run}>"}`,
    (run) => `%3Cscript%3E${run}%3C/script%3E &lt;img src=x onerror=${run}&gt;`,
  ] satisfies ((run: string) => string)[]
).map((payload, at) => payload(`window.__ran=${at}`));

const URLS = [
  'javascript:window.__ran=1',
  'JavaScript:window.__ran=1',
  'java\tscript:window.__ran=1',
  ' javascript:window.__ran=1',
  'data:text/html,<script>window.__ran=1</script>',
  'vbscript:x',
  'file:///etc/passwd',
  '//evil.example',
];

describe('texts that would be scripts', () => {
  let oc: Oc;
  let browser: Browser;
  let manager: WireManager;
  const pages: string[] = [];
  const { start } = operator(() => oc);
  const third = (at: number) => PAYLOADS.filter((_payload, index) => index % 3 === at);

  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 300 });
    browser = await launch();
    const labels = PAYLOADS.map((value, at) => ({ key: `l${at}`, value }));
    manager = await WireManager.join(oc.client, 'shop', 'shop-m1', 'process', labels);
    await manager.snapshot(
      [0, 1, 2].map((at) => {
        const [host, version, zone, role, os, address] = third(at);
        const statusReason = third(at).join(' ');
        return {
          name: `web-${at}`,
          status: 'DOWN',
          host,
          version,
          zone,
          role,
          os,
          address,
          labels,
          statusReason,
          lastOutput: PAYLOADS,
        };
      }),
    );
    const { cluster } = await oc.client.data(
      'query ($id: ID!) { cluster(id: $id) { nodes { edges { node { id } } } } }',
      { id: manager.clusterId },
    );
    const nodes = cluster.nodes.edges.map(({ node }: { node: { id: string } }) => `/nodes/${node.id}`);
    pages.push('/', '/?view=table', `/clusters/${manager.clusterId}`, ...nodes, '/operations');
    const commands = manager.commands();
    for (const at of [0, 1, 2]) {
      const reason = third(at).join(' ');
      const id = await start({ kind: 'RESTART', targets: { clusterIds: [manager.clusterId] } }, { reason });
      await until('the manager has the command', () => commands.events.length > at);
      pages.push(`/operations/${id}`);
      const answer = await manager.reportCommand({
        commandId: commands.events[at].id,
        sequence: 1,
        status: 'FAILED',
        statusReason: reason,
        steps: [0, 1, 2].map((step) => ({
          nodeName: `web-${step}`,
          status: 'FAILED',
          reason,
          output: PAYLOADS.slice(0, 20),
        })),
      });
      expect(answer.errors).toBeUndefined();
    }
    commands.close();
    const inputs = [0, 1].map((at) => ({
      clusterName: 'shop',
      labels: labels.filter((_label, index) => index % 2 === at),
      reason: third(at).join(' '),
    }));
    for (const input of inputs)
      await oc.client.data(
        'mutation ($input: CreateEnrolmentTokenInput!) { createEnrolmentToken(input: $input) { uses } }',
        { input },
      );
    pages.push('/access/tokens', '/audit');
  });
  afterAll(async () => {
    await browser?.close();
    await oc?.stop();
  });

  it('are no names, and no addresses of consoles', async () => {
    const token = await WireManager.token(oc.client, { uses: 1000 });
    const register = async (cluster: object, more: object) =>
      (
        await WireManager.register(oc.client, {
          token,
          cluster: { name: 'other', kind: 'process', ...cluster },
          manager: { name: 'm', version: '1', ...more },
        })
      ).errors?.[0]?.extensions.code;
    for (const name of PAYLOADS) {
      expect(await register({ name }, {}), name).toBe('INVALID');
      expect(await register({}, { name }), name).toBe('INVALID');
      expect(await register({ labels: [{ key: name, value: '' }] }, {}), name).toBe('INVALID');
      const report = { kind: 'DELTA', sequence: manager.sequence + 1, nodes: [{ name, status: 'RUNNING' }] };
      expect((await manager.fault(report)).extensions.code, name).toBe('INVALID');
    }
    for (const url of URLS) {
      expect(await register({}, { consoleUrl: url }), url).toBe('INVALID');
      expect(await register({}, { url }), url).toBe('INVALID');
      const nodes = [{ name: 'web-0', status: 'RUNNING', consoleUrl: url }];
      const report = { kind: 'DELTA', sequence: manager.sequence + 1, nodes };
      expect((await manager.fault(report)).extensions.code, url).toBe('INVALID');
    }
  });

  /** What ran, was asked, or was asked for elsewhere, while a page was open. */
  async function watched(page: Page): Promise<unknown[]> {
    const seen: unknown[] = [];
    page.on('dialog', (dialog) => {
      seen.push(dialog.message());
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      const url = request.url();
      const own = [oc.url, `blob:${oc.url}`, 'data:image/'];
      if (!own.some((start) => url.startsWith(start))) seen.push(url);
    });
    return seen;
  }

  // Without a policy first: no page relies on it.
  it.each([true, false])(
    'are shown as what they are and run on no page (policy off: %s)',
    async (bypassCSP) => {
      const { page, complaints } = await openPage(browser, 'about:blank', { bypassCSP });
      const seen = await watched(page);
      for (const path of pages) {
        await page.goto(oc.url + path);
        await page.getByRole('main').waitFor();
        await page
          .getByText(/shop|web-/)
          .first()
          .waitFor({ state: 'attached' });
        const shown = () => page.evaluate(() => document.body.textContent);
        if (path === '/audit') {
          for (const entry of await page.getByRole('button', { name: /^(start|create)\w+, entry/ }).all())
            await entry.click();
        }
        if (/^.(nodes|operations|clusters|access|audit)/.test(path))
          await until(`texts are on ${path}`, async () => /window\.__ran=\d/.test((await shown())!));
        await page.mouse.move(400, 400);
        expect(await page.evaluate(() => (window as { __ran?: number }).__ran), path).toBeUndefined();
      }
      await page.goto(`${oc.url}/clusters/${manager.clusterId}`);
      await page.getByRole('button', { name: 'Restart', exact: true }).first().click();
      await page.getByRole('dialog').waitFor();
      await page.getByRole('heading', { name: 'Dry run' }).waitFor();
      await page.keyboard.press('Escape');
      for (const text of PAYLOADS.slice(0, 5)) {
        await page.goto(`${oc.url}/operations?search=${encodeURIComponent(text)}`);
        await page.getByRole('main').waitFor();
      }
      expect(await page.evaluate(() => (window as { __ran?: number }).__ran)).toBeUndefined();
      expect(seen).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  it('would not run if a page put them in as they are: its policy forbids it', async () => {
    const { page, complaints } = await openPage(browser, oc.url);
    await page.getByText('Live', { exact: true }).waitFor();
    expect(complaints).toEqual([]);
    const seen = await watched(page);
    const refused: string[] = [];
    page.on('requestfailed', (request) => refused.push(`${request.failure()?.errorText} ${request.url()}`));
    await page.evaluate((texts) => {
      for (const text of texts) {
        const place = document.createElement('div');
        document.body.append(place);
        place.innerHTML = text;
      }
      const script = document.createElement('script');
      script.textContent = 'window.__ran = 100';
      document.body.append(script);
      const elsewhere = document.createElement('script');
      elsewhere.src = 'data:text/javascript,window.__ran=101';
      document.body.append(elsewhere);
      setTimeout('window.__ran = 102');
      const link = document.createElement('a');
      link.href = 'javascript:window.__ran=103';
      document.body.append(link);
      link.click();
    }, PAYLOADS);
    await until(
      'the policy has spoken',
      () => complaints.filter((line) => /Content Security Policy/.test(line)).length > 3,
    );
    expect(await page.evaluate(() => (window as { __ran?: number }).__ran)).toBeUndefined();
    // The browser also announces what its policy then does not let it ask for.
    const elsewhere = seen.map(String).filter((url) => url.includes('evil'));
    expect(elsewhere.filter((url) => !refused.includes(`csp ${url}`))).toEqual([]);
    await page.context().close();
  });

  it('GraphiQL works under the policy of its own', async () => {
    const { page, complaints } = await openPage(
      browser,
      `${oc.url}/graphql?query=${encodeURIComponent('{ system { name status } }')}`,
    );
    const seen = await watched(page);
    await page.locator('.graphiql-execute-button').click();
    await page.locator('.result-window').getByText('"DOWN"').waitFor();
    expect(complaints).toEqual([]);
    expect(seen).toEqual([]);
    await page.context().close();
  });
});
