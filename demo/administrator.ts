import { randomBytes } from 'node:crypto';
import { ask } from './api.ts';

export interface Administrator {
  name: string;
  password: string;
  /** For programs: may do everything for a day. */
  apiKey: string;
}

/** Becomes the first administrator by the link that the server has printed, as a person would, and makes an API key. */
export async function becomeAdministrator(url: string, welcomeUrl: string): Promise<Administrator> {
  const token = new URL(welcomeUrl).searchParams.get('token');
  const [name, password] = ['admin', randomBytes(12).toString('base64url')];
  const { cookie = '' } = await ask(
    url,
    'mutation ($input: CreateFirstAdministratorInput!) { createFirstAdministrator(input: $input) { name } }',
    { input: { token, name, password } },
  );
  const { data } = await ask<{ createApiKey: { key: string } }>(
    url,
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { key } }',
    { input: { name: 'demo', grants: [{ role: 'ADMINISTRATOR' }], expiresInSeconds: 86_400 } },
    { cookie },
  );
  return { name, password, apiKey: data.createApiKey.key };
}
