import {
  getOperationAST,
  locatedError,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import type { Context } from './context.ts';
import { compileVariables } from './plain-input.ts';
import { compileSelection, executeFields } from './plain-query.ts';

/** @returns undefined for variables that graphql-js has something to say of: nothing was done. */
type PlainMutation = (
  context: Context,
  inputs: Readonly<Record<string, unknown>>,
) => Promise<ExecutionResult> | undefined;

/**
 * Executes the mutations whose fields say that their input is large (extension `largeInput`) as graphql-js does, but
 * for what each value of the input costs. The answer of such a field is never null and has plain values alone: all
 * that goes wrong goes wrong with the field itself. Each document is looked at once.
 */
export class PlainMutations {
  readonly #known = new WeakMap<DocumentNode, PlainMutation | false>();

  /** @returns undefined for what is left to graphql-js: nothing was done. */
  execute(args: ExecutionArgs): Promise<ExecutionResult> | undefined {
    const { schema, document, contextValue, variableValues } = args;
    let known = this.#known.get(document);
    if (known === undefined) {
      known = compileMutation(schema, document) ?? false;
      this.#known.set(document, known);
    }
    return known ? known(contextValue as Context, variableValues ?? {}) : undefined;
  }
}

function compileMutation(schema: GraphQLSchema, document: DocumentNode): PlainMutation | undefined {
  // A document of several operations has none without a name.
  const operation = getOperationAST(document);
  const type = schema.getMutationType();
  if (operation?.operation !== 'mutation' || !type) return undefined;
  const selection = compileSelection(document, type, operation);
  const [field, ...others] = selection?.fields ?? [];
  if (!selection || !field?.field.extensions['largeInput'] || others.length > 0) return undefined;
  const coerce = compileVariables(schema, operation);
  return (context, inputs) => {
    let variableValues;
    try {
      variableValues = coerce(inputs);
    } catch {
      return undefined;
    }
    const { fragments } = selection;
    const run = { schema, fragments, operation, rootValue: undefined, variableValues, context };
    return Promise.resolve()
      .then(() => executeFields([field], undefined, run, undefined))
      .then(
        (data) => ({ data: data as Record<string, unknown> }),
        (error: unknown) => ({ data: null, errors: [locatedError(error, field.nodes, [field.name])] }),
      );
  };
}
