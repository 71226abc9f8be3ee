import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GraphQLError, parse } from 'graphql';
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

it('a query that fails is executed once: the API is handed what came of it', async () => {
  let executed = 0;
  const handed: unknown[] = [];
  const failure = { data: null, errors: [new GraphQLError('no', { extensions: { code: 'INVALID' } })] };
  const api = {
    getEnveloped: () => ({
      ...{ parse, validate: () => [], contextFactory: async () => ({}) },
      execute: async () => {
        executed++;
        return failure;
      },
    }),
    fetch: async (_url: string, _init: object, { result }: { result?: unknown }) => {
      handed.push(result);
      return new Response('{}', { headers: { 'content-type': 'application/json' } });
    },
  };
  const deps = {
    authenticate: async () => ({ kind: 'local', name: 'local' }),
    prisma: { $queryRaw: async () => [{ revision: '1' }] },
  } as unknown as Deps;
  const server = createServer(withResponseCache(api as unknown as Api, deps));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  // By the first the type of such answers is known.
  for (const query of ['{ system { name } }', '{ system { id } }']) {
    const body = JSON.stringify({ query });
    await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, body });
  }
  server.close();
  expect({ executed, handed }).toEqual({ executed: 1, handed: [undefined, failure] });
});
