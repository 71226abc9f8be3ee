import {
  getOperationAST,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';

/**
 * Marks, as a field's `extensions`, one whose value can change without an event in the log: signs of life, which come
 * too often to be logged, and the time. Everything else that the API shows is the same as long as the log is.
 */
export const UNLOGGED = { unlogged: true } as const;

export const isUnlogged = (field: { extensions: Readonly<Record<string, unknown>> }): boolean =>
  field.extensions['unlogged'] === true;

/**
 * Whether the answer to a valid document is the same as long as the event log is: it is a query that selects no
 * unlogged field.
 */
export function followsLog(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
): boolean {
  if (getOperationAST(document, operationName)?.operation !== 'query') return false;
  const types = new TypeInfo(schema);
  let follows = true;
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: () => {
        const field = types.getFieldDef();
        follows &&= field !== null && field !== undefined && !isUnlogged(field);
      },
    }),
  );
  return follows;
}
