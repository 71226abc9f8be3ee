import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { Deps } from '../deps.ts';
import { withResponseCache } from './response-cache.ts';
import type { Api } from './yoga.ts';

it('a database that is away is asked once, and the API tells what it said', async () => {
  const away = new Error('Query read timeout');
  let asked = 0;
  const deps = {
    authenticate: async () => ({ kind: 'operator', name: 'local' }),
    readJson: async () => {
      asked++;
      throw away;
    },
  } as unknown as Deps;
  const failures: unknown[] = [];
  const api = ((_request, response, context: { failure: unknown }) => {
    failures.push(context.failure);
    response.end();
  }) as (...of: [...Parameters<RequestListener>, { failure: unknown }]) => void;
  const server = createServer(withResponseCache(api as unknown as Api, deps));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const query = encodeURIComponent('{ system { name } }');
  await fetch(`http://127.0.0.1:${port}/graphql?query=${query}`);
  server.close();
  expect({ asked, failures }).toEqual({ asked: 1, failures: [away] });
});
