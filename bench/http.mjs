import { Agent, request } from 'node:http';

/** One connection for each request under way, kept for the next. */
const agent = new Agent({ keepAlive: true });

/** The codes of an error that says that the other end had closed the connection. */
const HUNG_UP = ['ECONNRESET', 'EPIPE'];

/**
 * The whole answer as it came.
 *
 * A server may close a kept connection while a request is on its way to it. What was sent over one that was used
 * before, and of whose answer nothing has come, is sent once more over a new one, as HTTP has it (RFC 9112, 9.3.1). It
 * has it so of requests that may be sent twice (RFC 9110, 9.2.2), and here all may: an operation is started once for
 * its key, a report is applied once for its sequence number, a manager is registered once for its credential; to renew
 * a lease or to leave twice is to do so once; of two enrolment tokens one stays unused. To abort what has been aborted
 * may be an error, which ends the benchmark and does not change a figure.
 * @throws Error for everything else that goes wrong on the way
 */
export function send(url, { method = 'GET', headers = {}, body, via = agent } = {}) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method, headers: { ...headers, ...length }, agent: via }, (response) => {
      const chunks = [];
      response
        .on('data', (chunk) => chunks.push(chunk))
        .on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }))
        .on('error', reject);
    });
    let nothingRead = () => true;
    sent.on('socket', (socket) => {
      const before = socket.bytesRead;
      nothingRead = () => socket.bytesRead === before;
    });
    sent.on('error', (error) => {
      const unanswered = sent.reusedSocket && HUNG_UP.includes(error.code) && nothingRead();
      if (unanswered) resolve(send(url, { method, headers, body, via: false }));
      else reject(error);
    });
    sent.setTimeout(60_000, () => sent.destroy(new Error('no answer within 60 s')));
    sent.end(body);
  });
}

/** A request to the API as `send` takes it. */
export const graphqlRequest = (query, variables = {}, credential = undefined) => ({
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    ...(credential && { authorization: `Bearer ${credential}` }),
  },
  body: JSON.stringify({ query, variables }),
});

/** Data of the API's answer; `code` of the error says what the API says. */
export async function graphql(url, query, variables, credential) {
  const { body } = await send(`${url}/graphql`, graphqlRequest(query, variables, credential));
  const { data, errors } = JSON.parse(body);
  if (errors) throw Object.assign(new Error(errors[0].message), { code: errors[0].extensions?.code });
  return data;
}

/**
 * Requests a second of `connections` clients that each ask again as soon as they are answered. The warm-up is not
 * counted.
 * @param next makes the arguments of `send` for the next request
 */
export async function requestsPerSecond({ connections, seconds, warmUpSeconds, next }) {
  const via = new Agent({ keepAlive: true, maxSockets: connections });
  const begin = performance.now() + warmUpSeconds * 1000;
  const end = begin + seconds * 1000;
  let answered = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) {
        const [url, options] = next();
        const { status, body } = await send(url, { ...options, via });
        // An error of the API is a short answer with status 200.
        if (status !== 200 || body.includes('"errors":['))
          throw new Error(`${status} ${body.subarray(0, 500)}`);
        const now = performance.now();
        if (now >= begin && now < end) answered++;
      }
    }),
  );
  via.destroy();
  return answered / seconds;
}
