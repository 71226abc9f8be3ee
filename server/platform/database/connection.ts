import pg from 'pg';

/**
 * A server that does not answer for so long is not there, milliseconds: who asked is told within 5 s. In a transaction
 * the pool's limit counts.
 */
const ANSWER_TIMEOUT_MS = 4_500;

/** What the driver says then. */
const NO_ANSWER = 'Query read timeout';

/**
 * A connection that does not wait for ever on a server that is frozen or cut off, which no timeout of that server's
 * own ends. Outside of a transaction, where everything that is asked of the OC begins, it waits for a short time only.
 * Once it has waited in vain it is not used again: nobody knows what was done, and a transaction may be open on it.
 */
export class Connection extends pg.Client {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the driver's many forms, passed on as they are
  override query(config: any, ...more: any[]): any {
    const first = typeof config === 'object' && this.getTransactionStatus() === 'I';
    const limited = first ? { query_timeout: ANSWER_TIMEOUT_MS, ...config } : config;
    const answer: unknown = super.query(limited, ...(more as []));
    if (answer instanceof Promise) {
      answer.catch((error: Error) => {
        // With a statement under way this cuts the connection at once.
        if (error.message === NO_ANSWER) void this.end();
      });
    }
    return answer;
  }
}
