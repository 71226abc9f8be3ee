import { initGraphQLTada } from 'gql.tada';
import type { introspection, introspection_types } from '../../graphql-env.d.ts';

/**
 * Typed GraphQL documents. Fragments are not masked: the store holds entities as the fragments shape them.
 * `DateTime` is an ISO 8601 string, `Revision` an opaque string.
 */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  disableMasking: true;
  scalars: { DateTime: string; Revision: string };
}>();

export type { FragmentOf, ResultOf, TadaDocumentNode, VariablesOf } from 'gql.tada';

type EnumName = {
  [Name in keyof introspection_types]: introspection_types[Name] extends { enumValues: string }
    ? Name
    : never;
}[keyof introspection_types];

/** An enum of the schema as a union of its values: `Enum<'NodeStatus'>`. */
export type Enum<Name extends EnumName> = introspection_types[Name] extends { enumValues: infer Values }
  ? Values
  : never;
