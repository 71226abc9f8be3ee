import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { WireManager, running } from '../harness/wire-manager.ts';
import { launch, openPage } from './browser.ts';

/** The network between browser and OC: it can be cut, and it can go silent without a word. */
class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #state: 'whole' | 'cut' | 'frozen' = 'whole';

  private constructor(target: number) {
    this.#server = createServer((near) => {
      if (this.#state === 'cut') return near.destroy();
      const far = connect(target, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => to.destroy()).on('close', () => (this.#sockets.delete(from), to.destroy()));
        from.on('data', (data) => void (this.#state !== 'frozen' && to.write(data)));
      }
    });
  }

  static async before(url: string): Promise<Wire> {
    const wire = new Wire(Number(new URL(url).port));
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Every connection breaks, and no new one is made. */
  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Nothing goes through any more, and nobody is told. */
  freeze(): void {
    this.#state = 'frozen';
  }

  /** Connections are made again. Those that were frozen have lost what was sent: they break. */
  mend(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#state = 'whole';
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

describe('an operator whose network fails', () => {
  let oc: Oc;
  let wire: Wire;
  let browser: Browser;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 120 });
    wire = await Wire.before(oc.url);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    wire?.close();
    await oc?.stop();
  });

  it.each([
    ['is cut', 'cut'],
    ['goes silent', 'freeze'],
  ] as const)('sees it when it %s, keeps what was shown, and then what happened', async (_how, fail) => {
    const manager = await WireManager.join(oc.client, `shop-${fail}`);
    await manager.snapshot(running('web-1', 'web-2'));
    const { page } = await openPage(browser, wire.url);
    const live = page.getByText('Live', { exact: true });
    const shop = page.getByRole('link', { name: new RegExp(`shop-${fail}`) }).first();
    await live.waitFor();
    await shop.waitFor();

    wire[fail]();
    await page
      .getByText(/Reconnecting|Stale since/)
      .first()
      .waitFor();
    expect(await live.count()).toBe(0);
    expect(await shop.isVisible(), 'nothing is removed').toBe(true);
    await WireManager.join(oc.client, `meanwhile-${fail}`);
    await manager.delta([{ name: 'web-1', status: 'DOWN' }]);
    expect(await page.getByRole('link', { name: new RegExp(`meanwhile-${fail}`) }).count()).toBe(0);

    wire.mend();
    await live.waitFor();
    await page
      .getByRole('link', { name: new RegExp(`meanwhile-${fail}`) })
      .first()
      .waitFor();
    await page.getByText('1 down of 2 nodes.').first().waitFor();
    await page.context().close();
  });
});
