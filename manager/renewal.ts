import { Backoff, BACKOFF } from './backoff.ts';
import { isTransient, OcError, type OcClient } from './client.ts';
import type { Credential } from './credential.ts';
import { RenewCredential, type CredentialTerm } from './graphql.ts';
import type { Logger } from './log.ts';
import { pause } from './news.ts';

/** Between two renewals, so that a term that is too short does not become a flood. */
const MIN_RENEWAL_MS = 1000;
const MIN_WAIT_MS = 50;

/**
 * Renews the credential whenever its time has come, until the signal aborts. The new one is on disk before it is told;
 * when the answer is lost it is told again, and until the answer comes the one before is shown.
 * @param sentAt when the request was sent that was answered with `term`, by the monotonic clock.
 */
export async function keepCredential(
  { client, credential, log }: { client: OcClient; credential: Credential; log: Logger },
  term: CredentialTerm,
  sentAt: number,
  signal: AbortSignal,
): Promise<void> {
  const backoff = new Backoff(BACKOFF);
  let renewAt = sentAt + term.renewAfterMs;
  for (;;) {
    while (performance.now() < renewAt && !signal.aborted) await pause(renewAt - performance.now(), signal);
    if (signal.aborted) return;
    const askedAt = performance.now();
    try {
      const input = { credential: credential.stage() };
      const { renewCredential } = await client.send(RenewCredential, { input }, { signal });
      credential.adopt(input.credential);
      backoff.reset();
      renewAt = askedAt + Math.max(MIN_RENEWAL_MS, renewCredential.credential.renewAfterMs);
      log.debug('the credential was renewed');
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof OcError && error.renewAfterMs !== undefined) {
        // The OC was away meanwhile, and the time stood still.
        renewAt = askedAt + Math.max(MIN_RENEWAL_MS, error.renewAfterMs);
        continue;
      }
      // Refused: the next renewal of the lease is too, and this manager registers anew.
      log[isTransient(error) ? 'debug' : 'warn'](`cannot renew the credential: ${(error as Error).message}`);
      renewAt = performance.now() + Math.max(MIN_WAIT_MS, backoff.next());
    }
  }
}
