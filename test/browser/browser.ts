import { chromium, type Browser, type Page } from 'playwright-core';
import type { Browser as Visitor } from '../harness/people.ts';

/** Real Chromium; as root it needs no-sandbox, and it must not look for anything outside this machine. */
export const launch = (): Promise<Browser> => {
  const executablePath = process.env['CHROMIUM'];
  if (!executablePath) throw new Error('CHROMIUM is not set: run the tests by `npm test`.');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
};

/** Options of a page that is opened by who has logged in with `visitor`. */
export function withSession({ url, cookie = '' }: Visitor): object {
  const [name = '', value = ''] = cookie.split('=', 2);
  const { hostname: domain } = new URL(url);
  const session = { name, value, domain, path: '/', expires: -1, httpOnly: true, secure: false };
  return { storageState: { cookies: [{ ...session, sameSite: 'Lax' }], origins: [] } };
}

/** A page that keeps what its console says and what it throws: a story ends with none of either. */
export async function openPage(
  browser: Browser,
  url: string,
  options: object = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.setDefaultTimeout(45_000);
  await page.goto(url);
  return { page, complaints };
}
