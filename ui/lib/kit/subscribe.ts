import { stringifyDocument, type TypedDocumentNode } from '@urql/svelte';
import { socket } from './client.ts';
import type { StreamSink } from './resume.ts';

/**
 * Opens a subscription on the page's WebSocket. Whatever ends it, the connection, an error or the server's
 * completion, is told once through `sink.failed`; returns how to close it.
 */
export function subscribe<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  sink: StreamSink<Data>,
): () => void {
  return socket.subscribe<Data>(
    { query: stringifyDocument(document), variables },
    {
      next(result) {
        if (result.errors?.[0]) sink.failed(String(result.errors[0].extensions?.code ?? 'UNEXPECTED'));
        else if (result.data) sink.next(result.data);
      },
      error(error) {
        // An array: the server refused the operation. Anything else: the connection went away.
        if (Array.isArray(error)) sink.failed(String(error[0]?.extensions?.code ?? 'UNEXPECTED'));
        else sink.failed();
      },
      complete: () => sink.failed(),
    },
  );
}
