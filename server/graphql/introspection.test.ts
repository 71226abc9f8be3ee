import { describe, expect, it } from 'vitest';
import type { Principal } from '../access/principal.ts';
import type { Deps } from '../deps.ts';
import { createLogger } from '../platform/log.ts';
import { createApi } from './yoga.ts';

/** The API as it is for one who is nobody, with that setting. */
function asAnonymous(setting?: 'authenticated' | 'on' | 'off') {
  const authenticate = async () => ({ kind: 'anonymous' }) as unknown as Principal;
  const deps = {
    authenticate,
    logger: createLogger('silent'),
    sessions: { secure: false },
  } as unknown as Deps;
  const api = createApi(deps, undefined, { watch: () => () => undefined } as never, setting);
  return {
    ask: async (query: string) => {
      const response = await api.fetch('http://localhost/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      return (await response.json()) as { data?: object; errors?: { message: string }[] };
    },
    graphiql: async () =>
      (await api.fetch('http://localhost/graphql', { headers: { accept: 'text/html' } })).status,
  };
}

describe('one who has not logged in', () => {
  it('explores nothing unless the setting says so', async () => {
    for (const setting of [undefined, 'authenticated', 'off'] as const) {
      const { ask, graphiql } = asAnonymous(setting);
      const { errors } = await ask('{ __schema { queryType { name } } }');
      expect(errors?.[0]?.message).toContain('introspection');
      expect((await ask('{ systen { name } }')).errors?.[0]?.message).toBe(
        'Cannot query field "systen" on type "Query".',
      );
      expect(await graphiql()).not.toBe(200);
    }
    const { ask, graphiql } = asAnonymous('on');
    expect((await ask('{ __schema { queryType { name } } }')).data).toEqual({
      __schema: { queryType: { name: 'Query' } },
    });
    expect((await ask('{ systen { name } }')).errors?.[0]?.message).toContain('Did you mean "system"?');
    expect(await graphiql()).toBe(200);
  });
});
