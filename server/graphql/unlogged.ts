import { getOperationAST, parse, TypeInfo, visit, visitWithTypeInfo, type GraphQLSchema } from 'graphql';
import { checkDocument } from './limits.ts';

/**
 * Marks, as a field's `extensions`, one whose value can change without an event in the log: signs of life, which come
 * too often to be logged, and the time. Everything else that the API shows is the same as long as the log is.
 */
export const UNLOGGED = { unlogged: true } as const;

export const isUnlogged = (field: { extensions: Readonly<Record<string, unknown>> }): boolean =>
  field.extensions['unlogged'] === true;

/**
 * Whether the answer to a document is the same as long as the event log is: it is a query that selects no unlogged
 * field. A document with any mistake is not worth the question.
 */
export function followsLog(
  schema: GraphQLSchema,
  source: string,
  operationName: string | undefined,
): boolean {
  try {
    checkDocument(source);
    const document = parse(source);
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
  } catch {
    return false;
  }
}
