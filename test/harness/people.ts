import { Client } from './client.ts';
import type { Oc } from './oc.ts';

export const PASSWORD = 'correct horse battery staple';

export interface GrantInput {
  role: 'VIEWER' | 'OPERATOR' | 'ADMINISTRATOR';
  clusters?: { names?: string[]; labels?: { key: string; value: string }[] };
}

/** A browser: keeps the cookie that it is given. */
export class Browser extends Client {
  cookie: string | undefined;
  /** By which it is known after a log-in. */
  device: string | undefined;
  /** The last `Set-Cookie` of a session, whole. */
  setCookie: string | undefined;

  override get headers(): Record<string, string> {
    const cookies = [this.cookie, this.device].filter((cookie) => cookie !== undefined);
    return cookies.length > 0 ? { cookie: cookies.join('; ') } : {};
  }

  protected override received(response: Response): void {
    for (const setCookie of response.headers.getSetCookie()) {
      const [cookie] = setCookie.split(';', 1);
      if (/^(__Host-)?oc-device=/.test(setCookie)) this.device = cookie;
      else [this.cookie, this.setCookie] = [cookie, setCookie];
    }
  }

  /** The same browser as it goes on by another server. */
  through({ url }: { url: string }): Browser {
    const other = new Browser(url);
    [other.cookie, other.device] = [this.cookie, this.device];
    return other;
  }

  logIn(name: string, password = PASSWORD) {
    return this.send('mutation ($input: LogInInput!) { logIn(input: $input) { name } }', {
      input: { name, password },
    });
  }
}

/** The token of the link that an OC prints at its start as long as there is no administrator. */
export function welcomeToken(oc: Oc): string {
  const [, token] = /\/welcome\?token=(oci_[\w-]+)/.exec(oc.program.output) ?? [];
  if (!token) throw new Error(`The OC has printed no link: ${oc.program.output}`);
  return token;
}

/** Becomes the first administrator of an OC, by its link. */
export async function firstAdministrator(oc: Oc, name = 'Ann'): Promise<Browser> {
  const browser = new Browser(oc.url);
  await browser.data(
    'mutation ($input: CreateFirstAdministratorInput!) { createFirstAdministrator(input: $input) { name } }',
    { input: { token: welcomeToken(oc), name, password: PASSWORD } },
  );
  return browser;
}

/** Invites a person, who accepts. */
export async function person(
  administrator: Client,
  name: string,
  grants: readonly GrantInput[],
): Promise<{ id: string; browser: Browser }> {
  const { createPerson } = await administrator.data(
    'mutation ($input: CreatePersonInput!) { createPerson(input: $input) { token person { id } } }',
    { input: { name, grants } },
  );
  const browser = new Browser(administrator.url);
  await browser.data(
    'mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { name } }',
    {
      input: { token: createPerson.token, password: PASSWORD },
    },
  );
  return { id: createPerson.person.id, browser };
}

/** Makes an API key. */
export async function apiKey(
  administrator: Client,
  grants: readonly GrantInput[],
  more: object = {},
): Promise<{ id: string; client: Client }> {
  const { createApiKey } = await administrator.data(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { key apiKey { id } } }',
    { input: { name: 'a program', grants, ...more } },
  );
  return { id: createApiKey.apiKey.id, client: administrator.as(createApiKey.key) };
}
