import { initGraphQLTada } from 'gql.tada';
import type { introspection } from '../graphql-env.d.ts';

/** A document of the API; a mistake in it is a mistake of types. */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; Revision: string };
}>();
