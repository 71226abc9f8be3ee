import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ErrorShape } from '../client.ts';
import type { Lease } from '../graphql.ts';

export interface Request {
  /** The field that is asked for, e.g. `renewLease`. */
  field: string;
  input: Record<string, unknown>;
  authorization: string | undefined;
}
/** Data of the field, an error of the API, or an HTTP status without an answer of the API. */
export type Answer = { data: object } | { error: ErrorShape } | { status: number };

/** The other end of the wire: answers each request as the test says, and keeps what it was asked. */
export async function openWire(answer: (request: Request) => Answer, socket?: (socket: WebSocket) => void) {
  const requests: Request[] = [];
  const server = createServer(async (incoming, response) => {
    const { query, variables } = JSON.parse(await textOf(incoming)) as {
      query: string;
      variables: { input: Request['input'] };
    };
    const field = /\{\s*(\w+)/.exec(query)![1]!;
    const request = { field, input: variables.input, authorization: incoming.headers.authorization };
    requests.push(request);
    const answered = answer(request);
    if ('status' in answered) response.writeHead(answered.status).end('<html>not the API</html>');
    else if ('error' in answered) response.end(JSON.stringify({ data: null, errors: [answered.error] }));
    else response.end(JSON.stringify({ data: { [field]: answered.data } }));
  });
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'graphql-transport-ws' });
  sockets.on('connection', (opened) => socket?.(opened));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    for (const open of sockets.clients) open.terminate();
    server.closeAllConnections();
    server.close();
  });
  const asked = (field: string) => requests.filter((request) => request.field === field);
  return { url: `http://127.0.0.1:${port}`, requests, asked };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}

export const lease = (change: Partial<Lease> = {}): Lease => ({
  role: 'PRIMARY',
  epoch: 1,
  durationMs: 60_000,
  renewEveryMs: 50,
  primaryName: 'm1',
  membershipSequence: 0,
  snapshotWanted: false,
  ...change,
});
export const fault = (code: string, more: Record<string, unknown> = {}): Answer => ({
  error: { message: `refused: ${code}`, extensions: { code, ...more } },
});
