import type { Plugin } from 'graphql-yoga';
import { graphiqlPolicy } from '../http/headers.ts';
import { examples } from './examples.ts';

/** What GraphiQL is opened with. */
export const GRAPHIQL = { title: 'Operations Center API', defaultQuery: examples };

/** Its page, always the same, and the policy under which a browser runs it: five megabytes that most are never asked for. */
let page: Promise<{ html: string; policy: string }> | undefined;

const graphiql = (): NonNullable<typeof page> =>
  (page ??= import('@graphql-yoga/render-graphiql').then(({ renderGraphiQL }) => {
    const html = renderGraphiQL(GRAPHIQL);
    return { html, policy: graphiqlPolicy(html) };
  }));

export const renderGraphiQL = async (): Promise<string> => (await graphiql()).html;

/** The only page among the answers of the API has the policy that lets it run. */
export const graphiqlHeaders: Plugin = {
  onResponse: async ({ response }) => {
    if (!response.headers.get('content-type')?.startsWith('text/html')) return;
    response.headers.set('Content-Security-Policy', (await graphiql()).policy);
  },
};
