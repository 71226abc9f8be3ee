import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string>;
  body: string;
  /** All of it as it came. */
  text: string;
}

/**
 * One request byte by byte as written here, whatever a client library would think of it. Answers when the OC has ended
 * the connection, or begun what has no end: a WebSocket or a stream of events.
 * @param headers `Host` and `Connection: close` are added where they are missing.
 */
export function knock(
  url: string,
  request: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url);
  const all = {
    Host: host,
    Connection: 'close',
    ...(body && { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    const answer = () => {
      const [top = '', ...rest] = text.split('\r\n\r\n');
      const [status = '', ...lines] = top.split('\r\n');
      const fields = lines.map((line) => [
        line.split(':', 1)[0]!.toLowerCase(),
        line.slice(line.indexOf(':') + 2),
      ]);
      return {
        status: Number(status.split(' ')[1]),
        headers: Object.fromEntries(fields) as Record<string, string>,
        body: rest.join('\r\n\r\n'),
        text,
      };
    };
    socket.on('data', (data) => {
      text += data.toString();
      if (!text.includes('\r\n\r\n')) return;
      const { status, headers: got } = answer();
      if (status !== 101 && !got['content-type']?.startsWith('text/event-stream')) return;
      socket.destroy();
    });
    socket.on('close', () => resolve(answer())).on('error', reject);
    socket.write(`${request} HTTP/1.1\r\n${head.join('')}\r\n${body}`);
  });
}

/** The headers that ask for a WebSocket of the API. */
export const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol': 'graphql-transport-ws',
};
