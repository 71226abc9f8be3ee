import type { TadaDocumentNode } from 'gql.tada';
import { print } from 'graphql';
import type { Credential } from './credential.ts';
import { Poster, reasonOf } from './http.ts';
import { timeLimit } from './news.ts';

const TIMEOUT_MS = 10_000;

/** The OC answered with an error. */
export class OcError extends Error {
  /** NOT_FOUND, INVALID, CONFLICT, FORBIDDEN, UNAUTHENTICATED, UNAVAILABLE, RESYNC_REQUIRED or UNEXPECTED. */
  readonly code: string;
  /** Why the credential is never taken again: REVOKED or EXPIRED. */
  readonly ended: string | undefined;
  /** The input at fault, e.g. `input.epoch`. */
  readonly field: string | undefined;
  /** For a membership report out of sequence: the next that the OC takes. */
  readonly expectedSequence: number | undefined;
  /** For a renewal of the credential that came too early: when its time is, from when the request was sent. */
  readonly renewAfterMs: number | undefined;

  constructor({ message, extensions = {} }: ErrorShape) {
    super(message);
    this.name = 'OcError';
    this.code = typeof extensions['code'] === 'string' ? extensions['code'] : 'UNEXPECTED';
    this.ended = typeof extensions['ended'] === 'string' ? extensions['ended'] : undefined;
    this.field = typeof extensions['field'] === 'string' ? extensions['field'] : undefined;
    const { expectedSequence, renewAfterMs } = extensions;
    this.expectedSequence = typeof expectedSequence === 'number' ? expectedSequence : undefined;
    this.renewAfterMs = typeof renewAfterMs === 'number' ? renewAfterMs : undefined;
  }
}

/** No answer that is one of the OC's: nobody listens, it took too long, or something else answered. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

export interface ErrorShape {
  message: string;
  extensions?: Record<string, unknown>;
}

/** Whether the same request may succeed later without anything changing here. */
export const isTransient = (error: unknown): boolean =>
  error instanceof Unreachable ||
  (error instanceof OcError && (error.code === 'UNAVAILABLE' || error.code === 'UNEXPECTED'));

/** The OC does not take this manager for the primary of the epoch any more, or does not know it at all. */
export const isRoleLost = (error: unknown): boolean =>
  error instanceof OcError &&
  (error.code === 'UNAUTHENTICATED' ||
    error.code === 'FORBIDDEN' ||
    (error.code === 'CONFLICT' && /(^|\.)epoch$/.test(error.field ?? '')));

/** Sends queries and mutations to the OC over HTTP. */
export class OcClient {
  readonly url: string;
  private readonly poster: Poster;

  /**
   * @param operationsCenter the OC's URL; its API is at `/graphql` below it.
   * @param credential the manager's own, shown with each request that is not anonymous.
   * @param ca certificates (PEM) that alone are trusted; null: those that the system trusts.
   */
  constructor(
    operationsCenter: string,
    readonly credential: Pick<Credential, 'current'>,
    readonly ca: string | null = null,
  ) {
    this.url = `${operationsCenter.replace(/\/+$/, '')}/graphql`;
    this.poster = new Poster(this.url, ca);
  }

  /**
   * @param options.anonymous by one whom the OC need not know yet.
   * @throws OcError when the OC refuses, Unreachable when there is no answer within 10 s.
   */
  async send<Result, Variables>(
    document: TadaDocumentNode<Result, Variables>,
    variables: Variables,
    { anonymous = false, signal }: { anonymous?: boolean; signal?: AbortSignal } = {},
  ): Promise<Result> {
    for (;;) {
      const shown = this.credential.current;
      try {
        return await this.sendOnce(document, variables, anonymous ? null : shown, signal);
      } catch (error) {
        // The credential was renewed while this was under way: the OC may have seen the new one first.
        const renewed = !anonymous && this.credential.current !== shown;
        if (!(renewed && error instanceof OcError && error.code === 'UNAUTHENTICATED')) throw error;
      }
    }
  }

  private async sendOnce<Result, Variables>(
    document: TadaDocumentNode<Result, Variables>,
    variables: Variables,
    credential: string | null,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    const limit = timeLimit(TIMEOUT_MS, signal);
    let status: number;
    let text: string;
    try {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(credential !== null && { authorization: `Bearer ${credential}` }),
      };
      const body = JSON.stringify({ query: textOf(document), variables });
      ({ status, text } = await this.poster.post(headers, body, limit.signal));
    } catch (error) {
      throw new Unreachable(limit.expired() ? `no answer within ${TIMEOUT_MS / 1000} s` : reasonOf(error));
    } finally {
      limit.done();
    }
    const answer = parse<Result>(text);
    if (answer?.errors?.[0]) throw new OcError(answer.errors[0]);
    if (!answer?.data) throw new Unreachable(`HTTP ${status} instead of an answer of the API`);
    return answer.data;
  }
}

const texts = new WeakMap<object, string>();
/** The document as text, printed once. */
export function textOf(document: TadaDocumentNode<unknown, never>): string {
  let text = texts.get(document);
  if (text === undefined) texts.set(document, (text = print(document)));
  return text;
}

function parse<Result>(text: string): { data?: Result | null; errors?: ErrorShape[] } | null {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' ? (answer as { data?: Result; errors?: ErrorShape[] }) : null;
  } catch {
    return null;
  }
}
