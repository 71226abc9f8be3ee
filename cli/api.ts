import { setTimeout as delay } from 'node:timers/promises';
import type { TadaDocumentNode } from 'gql.tada';
import { print } from 'graphql';

const TIMEOUT_MS = 30_000;
/** How often what may be sent again is sent in all, and the pause before, longer each time. */
const ATTEMPTS = 6;
const PAUSE_MS = 500;

/** The OC said no, in words for who asked. */
export class Refusal extends Error {
  /** As in the API: INVALID, NOT_FOUND, FORBIDDEN, CONFLICT … */
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }
}

/** Nothing that answers as the OC does is there now. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

interface Fault {
  message: string;
  extensions?: { code?: string; differences?: string[] };
}

/** The OC's API as its command line uses it. */
export class Api {
  readonly #url: string;
  readonly #key: string | undefined;

  /** @param key an API key; none where the OC runs with AUTH=off */
  constructor(url: string, key: string | undefined) {
    this.#url = url;
    this.#key = key;
  }

  /**
   * Sends once.
   * @throws Refusal when the OC says no; Unreachable when there is no answer
   */
  ask<Result, Variables extends object>(
    document: TadaDocumentNode<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    return this.send<Result>(print(document), variables);
  }

  /**
   * Sends until there is an answer: for what may be sent again because it only reads, or has a key of its own.
   * @throws Refusal; Unreachable when the OC stays away for some seconds
   */
  async askOften<Result, Variables extends object>(
    document: TadaDocumentNode<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.ask(document, variables);
      } catch (error) {
        if (!isPassing(error) || attempt === ATTEMPTS) throw error;
        await delay(PAUSE_MS * attempt);
      }
    }
  }

  /** As {@link ask}, with a document in words. */
  async send<Result>(query: string, variables: object): Promise<Result> {
    const text = await this.#post(JSON.stringify({ query, variables }));
    let answer: { data?: Result; errors?: Fault[] } | null;
    try {
      answer = JSON.parse(text) as typeof answer;
    } catch {
      answer = null;
    }
    const fault = answer?.errors?.[0];
    if (fault) throw refusalOf(fault);
    if (!answer?.data) throw new Unreachable(`What answers at ${this.#url} is no Operations Center.`);
    return answer.data;
  }

  async #post(body: string): Promise<string> {
    try {
      const answer = await fetch(`${this.#url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(this.#key !== undefined && { authorization: `Bearer ${this.#key}` }),
        },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return await answer.text();
    } catch (error) {
      const { message, cause } = error as Error;
      const why = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : message;
      throw new Unreachable(`The Operations Center at ${this.#url} does not answer: ${why}`);
    }
  }
}

/** Whether it may go well when it is sent again. */
export const isPassing = (error: unknown): boolean =>
  error instanceof Unreachable || (error instanceof Refusal && error.code === 'UNAVAILABLE');

function refusalOf({ message, extensions = {} }: Fault): Refusal {
  const { code = 'UNEXPECTED', differences = [] } = extensions;
  const help = code === 'UNAUTHENTICATED' ? ['Put an API key into OC_API_KEY.'] : [];
  return new Refusal(code, [message, ...differences.map((one) => `  ${one}`), ...help].join('\n'));
}
