import type { ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql';
import { credentialEnded, type CredentialWatch } from '../../access/credential-watch.ts';
import type { Context } from '../context.ts';
import { openSubscription } from './open.ts';
import type { Consumer, SharedSubscriptions } from './shared.ts';

/** A result that is serialised already; yoga asks it for its text. */
interface Serialised extends ExecutionResult {
  stringify(): string;
}

/**
 * A subscription as an async iterable, for transports that take one result after the other (server-sent events).
 * What happens while a result is waiting to be taken comes as one result after it. It ends with its credential, and so
 * does soon the connection of who does not take that end.
 */
export const subscribePulled =
  (shared: SharedSubscriptions, credentials: CredentialWatch, mask: (error: unknown) => GraphQLError) =>
  async (args: ExecutionArgs): Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult>> => {
    const opened = await openSubscription(args, mask);
    if (opened.kind === 'refused') return { errors: opened.errors };
    const { principal, hangUp } = args.contextValue as Context;
    const watch = (ended: () => void) =>
      credentials.watch(principal, () => {
        ended();
        hangUp?.();
      });
    if (opened.kind === 'single') return endingWithCredential(opened.results, watch);
    const pulled = new Pulled();
    const leave = shared.join(opened.shareable, pulled);
    const release = watch(() => {
      leave();
      pulled.fail([credentialEnded()]);
    });
    return pulled.iterator(() => {
      release();
      leave();
    });
  };

/** The results, and an error behind them when it is the credential that ends them. */
function endingWithCredential(
  results: AsyncIterableIterator<ExecutionResult>,
  watch: (ended: () => void) => () => void,
): AsyncIterableIterator<ExecutionResult> {
  let last: ExecutionResult | undefined;
  const release = watch(() => {
    last = { errors: [credentialEnded()] };
    void results.return?.();
  });
  return {
    next: async () => {
      const next = await results.next();
      if (!next.done) return next;
      release();
      const value = last;
      last = undefined;
      return value ? { done: false, value } : next;
    },
    return: async () => {
      release();
      await results.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Holds one result at most. */
class Pulled implements Consumer {
  #waiting: { result: ExecutionResult; taken: () => void } | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  send(result: Buffer): Promise<void> {
    const serialised: Serialised = { stringify: () => result.toString() };
    return new Promise((taken) => this.#offer(serialised, taken));
  }

  fail(errors: readonly GraphQLError[]): void {
    this.#offer({ errors }, () => undefined);
    this.end();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  iterator(leave: () => void): AsyncIterableIterator<ExecutionResult> {
    const done = { done: true as const, value: undefined };
    return {
      next: async () => {
        while (!this.#waiting && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
        const next = this.#waiting;
        this.#waiting = undefined;
        if (!next) {
          leave();
          return done;
        }
        next.taken();
        return { done: false, value: next.result };
      },
      return: () => {
        leave();
        this.end();
        return Promise.resolve(done);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #offer(result: ExecutionResult, taken: () => void): void {
    this.#waiting = { result, taken };
    this.#wake?.();
  }
}
