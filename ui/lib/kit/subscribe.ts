import { stringifyDocument, type TypedDocumentNode } from '@urql/svelte';
import { socket } from './client.ts';
import type { StreamSink } from './resume.ts';
import { session } from './session.svelte.ts';

/** The server's word for a WebSocket whose session has ended. */
const SESSION_ENDED = 4401;

/**
 * Opens a subscription on the page's WebSocket. Whatever ends it, the connection, an error or the server's
 * completion, is told once through `sink.failed`; returns how to close it.
 */
export function subscribe<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  sink: StreamSink<Data>,
): () => void {
  const failed = (errors: readonly { extensions?: Record<string, unknown> | undefined }[]): void => {
    const code = String(errors[0]?.extensions?.['code'] ?? 'UNEXPECTED');
    if (code === 'UNAUTHENTICATED') session.doubt();
    sink.failed(code);
  };
  return socket.subscribe<Data>(
    { query: stringifyDocument(document), variables },
    {
      next(result) {
        if (result.errors?.[0]) failed(result.errors);
        else if (result.data) sink.next(result.data);
      },
      error(error) {
        // An array: the server refused the operation. Anything else: the connection went away.
        if (Array.isArray(error)) return failed(error);
        if (error instanceof CloseEvent && error.code === SESSION_ENDED) session.doubt();
        sink.failed();
      },
      complete: () => sink.failed(),
    },
  );
}
