import type { IncomingMessage } from 'node:http';

/** A request whose body has been read: `body` is its text. */
export type WithBody = IncomingMessage & { body?: string };

/** The body comes in chunks, so that nobody has said how long it is. */
export const isChunked = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined && headers['content-length'] === undefined;

/**
 * Reads the body, and no more of it than allowed.
 * @returns its text; undefined when it is longer than `maxBytes`.
 */
export async function textOf(request: WithBody, maxBytes: number): Promise<string | undefined> {
  if (request.body !== undefined) return request.body;
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Stopping in the middle must not end the connection: the refusal is still to be written to it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}
