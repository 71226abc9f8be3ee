import {
  defaultFieldResolver,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  TypeNameMetaFieldDef,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Context } from './context.ts';

type Path = GraphQLResolveInfo['path'];

/** What is the same for all fields of one execution. */
type Run = Pick<GraphQLResolveInfo, 'schema' | 'fragments' | 'operation' | 'rootValue' | 'variableValues'> & {
  context: Context;
};

/** Makes of what a resolver answered what the client gets. */
type Complete = (value: unknown, run: Run, info: GraphQLResolveInfo, path: Path) => unknown;

/** A field of an object, with all of it decided that its place in the document decides. */
export interface CompiledField {
  name: string;
  field: GraphQLField<unknown, unknown>;
  resolve: GraphQLFieldResolver<unknown, Context>;
  nodes: readonly FieldNode[];
  parentType: GraphQLObjectType;
  complete: Complete;
}

/** A query that can be executed again and again. @returns its data; @throws whatever is wrong with any of its fields. */
export type PlainQuery = (context: Context, variables: Record<string, unknown>) => Promise<unknown>;

/** What the document has is not for this executor. */
class NotPlain extends Error {}

/**
 * Makes of a valid document a query that is executed several times as fast as graphql-js does it, because what each
 * field is, and what becomes of its value, is found out once and not for each object of a list.
 *
 * It is about answers without any error: whatever goes wrong ends the execution, and who wants to know what is told
 * then executes the document by graphql-js. Undefined for documents with directives, abstract types or introspection,
 * and for those that are too large.
 */
export function compileQuery(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
): PlainQuery | undefined {
  const operation = getOperationAST(document, operationName);
  const type = schema.getQueryType();
  if (operation?.operation !== 'query' || !type) return undefined;
  const selection = compileSelection(document, type, operation);
  if (!selection) return undefined;
  const { fields, fragments } = selection;
  return async (context, inputs) => {
    const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], inputs);
    if (errors) throw errors[0]!;
    const run = { schema, fragments, operation, rootValue: undefined, variableValues: coerced, context };
    return executeFields(fields, undefined, run, undefined);
  };
}

/** What an operation selects of its type; undefined where {@link compileQuery} says so. */
export function compileSelection(
  document: DocumentNode,
  type: GraphQLObjectType,
  operation: OperationDefinitionNode,
): { fields: CompiledField[]; fragments: Run['fragments'] } | undefined {
  try {
    if (operation.directives?.length) throw new NotPlain();
    const compiler = new Compiler(document);
    const { fragments } = compiler;
    return { fields: compiler.fieldsOf(type, [operation.selectionSet]), fragments };
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

/** Fragments that spread others twice make of a short document any number of fields: those of more are for graphql-js. */
const MOST_FIELDS = 2000;

class Compiler {
  #fields = 0;
  readonly fragments: Record<string, FragmentDefinitionNode>;

  constructor({ definitions }: DocumentNode) {
    this.fragments = Object.fromEntries(
      definitions.flatMap((definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
      ),
    );
  }

  /** The fields of an object of that type: those of one name in the answer are one, with all that is selected of it. */
  fieldsOf(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): CompiledField[] {
    const byName = new Map<string, FieldNode[]>();
    for (const set of sets) this.#collect(type, set, byName);
    this.#fields += byName.size;
    if (this.#fields > MOST_FIELDS) throw new NotPlain();
    return [...byName].map(([name, nodes]) => {
      const fieldName = nodes[0]!.name.value;
      const field =
        fieldName === TypeNameMetaFieldDef.name ? TypeNameMetaFieldDef : type.getFields()[fieldName];
      // Introspection of the schema; a name that an object cannot have as a property of its own.
      if (!field || name === '__proto__') throw new NotPlain();
      const { resolve = defaultFieldResolver } = field;
      return { name, field, resolve, nodes, parentType: type, complete: this.#completing(field.type, nodes) };
    });
  }

  #collect(type: GraphQLObjectType, set: SelectionSetNode, byName: Map<string, FieldNode[]>): void {
    for (const selection of set.selections) {
      if (selection.directives?.length) throw new NotPlain();
      if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value;
        byName.set(name, [...(byName.get(name) ?? []), selection]);
      } else {
        const fragment =
          selection.kind === Kind.FRAGMENT_SPREAD ? this.fragments[selection.name.value]! : selection;
        const condition = fragment.typeCondition?.name.value ?? type.name;
        if (condition !== type.name) throw new NotPlain();
        this.#collect(type, fragment.selectionSet, byName);
      }
    }
  }

  #completing(type: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
    if (isNonNullType(type)) {
      const complete = this.#completing(type.ofType, nodes);
      return (value, run, info, path) => required(complete(value, run, info, path));
    }
    const complete = isListType(type) ? this.#list(type.ofType, nodes) : this.#named(type, nodes);
    return (value, run, info, path) =>
      value === null || value === undefined ? null : complete(value, run, info, path);
  }

  #list(itemType: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
    const complete = this.#completing(itemType, nodes);
    return (list, run, info, prev) => {
      const items: unknown[] = [];
      const filling = new Filling(items);
      try {
        for (const value of list as Iterable<unknown>) {
          const path = { prev, key: items.length, typename: undefined };
          const item = isPromise(value)
            ? value.then((settled) => complete(settled, run, info, path))
            : complete(value, run, info, path);
          filling.put(items.length, item);
        }
      } catch (error) {
        throw filling.abandoned(error);
      }
      return filling.done();
    };
  }

  #named(type: GraphQLOutputType, nodes: readonly FieldNode[]): Complete {
    if (isLeafType(type)) return (value) => required(type.serialize(value));
    if (!isObjectType(type)) throw new NotPlain();
    const fields = this.fieldsOf(
      type,
      nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
    );
    const { isTypeOf } = type;
    if (!isTypeOf) return (value, run, _info, path) => executeFields(fields, value, run, path);
    const checked = (is: boolean, value: unknown, run: Run, path: Path): unknown => {
      if (!is) throw new TypeError(`This is no ${type.name}.`);
      return executeFields(fields, value, run, path);
    };
    return (value, run, info, path) => {
      const is = isTypeOf(value, run.context, info);
      return isPromise(is)
        ? is.then((settled) => checked(settled, value, run, path))
        : checked(is, value, run, path);
    };
  }
}

/** @throws whatever is wrong with any of them */
export function executeFields(
  fields: readonly CompiledField[],
  source: unknown,
  run: Run,
  prev: Path | undefined,
): unknown {
  const data: Record<string, unknown> = {};
  const filling = new Filling(data);
  try {
    for (const { name, field, resolve, nodes, parentType, complete } of fields) {
      const path = { prev, key: name, typename: parentType.name };
      const info: GraphQLResolveInfo = {
        fieldName: field.name,
        fieldNodes: nodes,
        returnType: field.type,
        parentType,
        path,
        schema: run.schema,
        fragments: run.fragments,
        operation: run.operation,
        rootValue: run.rootValue,
        variableValues: run.variableValues,
      };
      const args = field.args.length > 0 ? getArgumentValues(field, nodes[0]!, run.variableValues) : {};
      const value = resolve(source, args, run.context, info) as unknown;
      const completed = isPromise(value)
        ? value.then((settled) => complete(settled, run, info, path))
        : complete(value, run, info, path);
      filling.put(name, completed);
    }
  } catch (error) {
    throw filling.abandoned(error);
  }
  return filling.done();
}

/** An object or a list that is filled with values and with what is still promised. */
class Filling {
  readonly #into: Record<string | number, unknown>;
  #waiting: Promise<void>[] | undefined;

  constructor(into: object) {
    this.#into = into as Record<string | number, unknown>;
  }

  /** Also of what is promised: the order of the properties is that of the document. */
  put(key: string | number, value: unknown): void {
    const into = this.#into;
    into[key] = value;
    if (isPromise(value)) (this.#waiting ??= []).push(value.then((settled) => void (into[key] = settled)));
  }

  /** What was filled, or the promise of it. */
  done(): object | Promise<object> {
    return this.#waiting ? Promise.all(this.#waiting).then(() => this.#into) : this.#into;
  }

  /** What was promised meanwhile is awaited by nobody: that it fails too is to be no news. */
  abandoned(error: unknown): unknown {
    void Promise.allSettled(this.#waiting ?? []);
    return error;
  }
}

const isPromise = <T>(value: T | Promise<T>): value is Promise<T> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

/** @throws Error where there is nothing and has to be something */
function required(value: unknown): unknown {
  if (isPromise(value)) return value.then(required);
  if (value === null || value === undefined) throw new TypeError('There is null where it cannot be.');
  return value;
}
