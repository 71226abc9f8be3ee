import {
  Client,
  fetchExchange,
  type AnyVariables,
  type CombinedError,
  type TypedDocumentNode,
} from '@urql/svelte';
import { createClient } from 'graphql-ws';
import { networkProblem, problemFromErrors, type Problem } from './problem.ts';
import { session } from './session.svelte.ts';

const origin = globalThis.location?.origin ?? 'http://127.0.0.1';

// No cache exchange: the store is the one place where state is held, and the subscription keeps it current.
const http = new Client({
  url: `${origin}/graphql`,
  exchanges: [fetchExchange],
  requestPolicy: 'network-only',
  preferGetMethod: false,
});

/**
 * The one WebSocket of the page. It never retries by itself: `resume.ts` does, because a retry has to carry the
 * revision reached by then and not the one the subscription was first opened with.
 */
export const socket = createClient({
  url: `${origin.replace(/^http/, 'ws')}/graphql`,
  retryAttempts: 0,
  lazyCloseTimeout: 2_000,
  connectionAckWaitTimeout: 5_000,
});

/** A result or the problem that took its place: callers cannot forget one of the two. */
export type Outcome<Data> = { data: Data; problem?: undefined } | { data?: undefined; problem: Problem };

/** Runs a query once over HTTP. Never throws. */
export async function query<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Outcome<Data>> {
  return outcome(await http.query(document, variables).toPromise());
}

/** Runs a mutation once over HTTP. Never throws, never retries. */
export async function mutate<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Outcome<Data>> {
  return outcome(await http.mutation(document, variables).toPromise());
}

function outcome<Data>(result: {
  data?: Data | undefined;
  error?: CombinedError | undefined;
}): Outcome<Data> {
  const { data, error } = result;
  if (error && error.graphQLErrors.length > 0) {
    const problem = problemFromErrors(error.graphQLErrors);
    if (problem.code === 'UNAUTHENTICATED') session.doubt();
    return { problem };
  }
  if (error || data == null) return { problem: networkProblem() };
  return { data };
}
