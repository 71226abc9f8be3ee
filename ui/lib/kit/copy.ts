import { stringifyDocument, type TypedDocumentNode } from '@urql/svelte';

/** A document with its variables, to be pasted into GraphiQL: variables as a comment that is valid JSON. */
export function asGraphQL<Variables>(
  document: TypedDocumentNode<unknown, Variables>,
  variables: Variables,
): string {
  const comment = JSON.stringify(variables, null, 2).replace(/^/gm, '# ');
  return `${stringifyDocument(document)}\n\n# Variables:\n${comment}\n`;
}

/** The same request as a shell command; with `keyed` it sends the API key that the shell has as OC_API_KEY. */
export function asCurl<Variables>(
  document: TypedDocumentNode<unknown, Variables>,
  variables: Variables,
  origin: string,
  keyed: boolean,
): string {
  const body = JSON.stringify({ query: stringifyDocument(document), variables });
  const key = keyed ? ' -H "authorization: Bearer $OC_API_KEY"' : '';
  return `curl ${origin}/graphql -H 'content-type: application/json'${key} -d '${body.replaceAll("'", `'\\''`)}'`;
}
