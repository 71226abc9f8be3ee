import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { OcClient } from '../client.ts';
import { Credential } from '../credential.ts';
import { Hub } from '../hub.ts';
import { temporaryFolder } from './folder.ts';
import { silent } from './silent.ts';
import { lease, openWire, type Answer, type Request } from './wire.ts';

/** A hub at the other end of a wire that answers as the test says, and what came of it. */
export async function openHub(
  answer: (request: Request) => Answer,
  { token = 'oce_1' as string | null, folder = temporaryFolder() } = {},
) {
  const wire = await openWire(answer);
  const news: string[] = [];
  const over = new AbortController();
  const secrets = new Credential(join(folder, 'credential.json'));
  const hub = new Hub({
    client: new OcClient(wire.url, secrets),
    credential: secrets,
    registration: { token, cluster: { name: 'shop', kind: 'fake' }, manager: { name: 'm1', version: '1' } },
    promoted: ({ epoch }) => news.push(`primary ${epoch}`),
    demoted: (reason) => news.push(`not primary: ${reason}`),
    renewing: () => ({ membershipSequence: 5, membershipDigest: 'd', answered: () => undefined }),
    ocIsBack: () => news.push('back'),
    log: silent,
    signal: over.signal,
  });
  const ran = hub.run();
  onTestFinished(async () => {
    over.abort();
    await ran;
  });
  return { ...wire, hub, news, folder, secrets, credential: secrets.current };
}
/** Milliseconds. */
export const term = (renewAfterMs = 60_000) => ({ validForMs: renewAfterMs * 1.5, renewAfterMs });
export const registered = (change: object = {}) => ({
  data: { clusterId: 'c', managerId: 'm', lease: lease(), credential: term(), ...change },
});
