import { Agent, request } from 'node:http';

/** One connection for each request under way, kept for the next. */
const agent = new Agent({ keepAlive: true });

/** The whole answer as it came. */
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
    sent.on('error', (error) => {
      if (sent.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(error.code)) resolve(send(url, { method, headers, body, via }));
      else reject(error);
    }).setTimeout(60_000, () => sent.destroy(new Error('no answer within 60 s')));
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
