import { GraphQLError } from 'graphql';
import type { Introspection } from '../config.ts';

/**
 * Whether who asks may explore the API.
 * @param principal undefined while nobody knows, as with a credential that is none.
 */
export const mayIntrospect = (setting: Introspection, principal: { kind: string } | undefined): boolean =>
  setting === 'on' ||
  (setting === 'authenticated' && principal !== undefined && principal.kind !== 'anonymous');

/** The error without the names that were perhaps meant: graphql-js takes them from the schema. */
export function withoutSuggestions(error: GraphQLError): GraphQLError {
  const message = error.message.replace(/ Did you mean [^?]*\?/g, '');
  if (message === error.message) return error;
  const { nodes, source, positions, path, originalError, extensions } = error;
  return new GraphQLError(message, { nodes, source, positions, path, originalError, extensions });
}
