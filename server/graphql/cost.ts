import {
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { AppError } from '../platform/errors.ts';
import { PAGE_SIZES } from './builder.ts';

/** Values that an answer, or one message of a subscription, may have: a second of one core. */
export const MAX_COST = 250_000;
/** Fields in fields, through fragments. */
const MAX_DEPTH = 40;
/** Fields of the operation itself: each is a request of its own, and a mutation an act of its own. */
const MAX_ROOT_FIELDS = 20;
/** What a list is taken to have whose length nobody asks for: labels, counts, changes. */
const ASSUMED_LENGTH = 10;

/** Marks, as a field's `extensions`, what it costs by itself: one that takes long to find out, or is long. */
export const costing = (cost: number) => ({ cost });
/** Of a list of lines that a program wrote: so many at most are kept. */
export const OUTPUT_LINES = costing(50);

/** Arguments that say how long a list may be. */
const SIZE_ARGUMENTS = ['first', 'last', 'limit'];

/** What a selection asks for. */
interface Cost {
  /** Values in the answer, at most. */
  values: number;
  /** Fields of the selection itself. */
  fields: number;
  depth: number;
  /** The innermost list of a size that can be asked for, where most of the values are; empty when there is none. */
  path: string;
}

/**
 * What an operation of a valid document costs: how many values its answer can have. A list counts as long as it is
 * asked to be (`first`, `last`, `limit`), whether there is so much or not; what `@skip` and `@include` leave out counts.
 * A field that is more work than its values tell costs what it is marked with (`costing`).
 * @param variables as they were sent
 */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Cost {
  return new Estimate(schema, document, operation, variables).of(
    operation.selectionSet,
    schema.getRootType(operation.operation) ?? undefined,
  );
}

/**
 * Refuses an operation that asks for too much. A document that has no such operation is left to the executor.
 * @throws AppError INVALID, with `cost`, `allowed` and the `field` that most of it is for.
 */
export function checkCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>> | null | undefined,
): void {
  for (const operation of document.definitions) {
    if (operation.kind !== Kind.OPERATION_DEFINITION) continue;
    if (operationName && operation.name?.value !== operationName) continue;
    const { values, fields, depth, path } = costOf(schema, document, operation, variables ?? {});
    if (fields > MAX_ROOT_FIELDS) {
      const message = `The operation has ${fields} fields and may have ${MAX_ROOT_FIELDS}.`;
      throw new AppError('INVALID', message, { limit: 'root fields', allowed: MAX_ROOT_FIELDS });
    }
    if (depth > MAX_DEPTH) {
      const message = `The operation is ${depth} fields deep and may be ${MAX_DEPTH}.`;
      throw new AppError('INVALID', message, { limit: 'depth', allowed: MAX_DEPTH });
    }
    if (values > MAX_COST) {
      const message =
        `The operation costs ${values.toLocaleString('en')}, so many values its answer could have, and may cost ` +
        `${MAX_COST.toLocaleString('en')}. Most of it is ${path}: ask for smaller pages.`;
      throw new AppError('INVALID', message, { field: path, cost: values, allowed: MAX_COST });
    }
  }
}

class Estimate {
  readonly #schema: GraphQLSchema;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #defaults: ReadonlyMap<string, ValueNode | undefined>;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Each fragment is looked at once for each size of page, however often it is spread. */
  readonly #known = new Map<string, Cost>();

  constructor(
    schema: GraphQLSchema,
    { definitions }: DocumentNode,
    { variableDefinitions = [] }: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
  ) {
    this.#schema = schema;
    this.#variables = variables;
    this.#defaults = new Map(
      variableDefinitions.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
    );
    this.#fragments = new Map(
      definitions.flatMap((definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
      ),
    );
  }

  /** @param page how long the list is that is a field of this selection, where what it is a field of says so. */
  of(
    { selections }: SelectionSetNode,
    type: GraphQLNamedType | undefined,
    page: number = ASSUMED_LENGTH,
  ): Cost {
    const sum: Cost = { values: 0, fields: 0, depth: 0, path: '' };
    let most = 0;
    for (const selection of selections) {
      const part =
        selection.kind === Kind.FIELD
          ? this.#ofField(selection, type, page)
          : selection.kind === Kind.FRAGMENT_SPREAD
            ? this.#ofFragment(selection.name.value, page)
            : this.of(
                selection.selectionSet,
                this.#typeOf(selection.typeCondition?.name.value) ?? type,
                page,
              );
      sum.values += part.values;
      sum.fields += part.fields;
      sum.depth = Math.max(sum.depth, part.depth);
      if (part.values > most) {
        most = part.values;
        sum.path = part.path;
      }
    }
    return sum;
  }

  #ofFragment(name: string, page: number): Cost {
    const key = `${page} ${name}`;
    const known = this.#known.get(key);
    if (known) return known;
    const fragment = this.#fragments.get(name);
    if (!fragment) return { values: 0, fields: 0, depth: 0, path: '' };
    const cost = this.of(fragment.selectionSet, this.#typeOf(fragment.typeCondition.name.value), page);
    this.#known.set(key, cost);
    return cost;
  }

  #ofField(node: FieldNode, parent: GraphQLNamedType | undefined, page: number): Cost {
    const field = fieldOf(parent, node.name.value);
    const type = field && getNamedType(field.type);
    const name = (node.alias ?? node.name).value;
    const own = field && (field.extensions['cost'] as number | undefined);
    if (!field || !node.selectionSet || !isCompositeType(type)) {
      const values = own ?? (field && isList(field) ? ASSUMED_LENGTH : 1);
      return { values, fields: 1, depth: 1, path: own === undefined ? '' : name };
    }
    const asked = this.#lengthOf(field, node);
    const length = isList(field) ? (asked ?? page) : 1;
    const inner = this.of(node.selectionSet, type, isList(field) ? undefined : asked);
    return {
      values: (own ?? 0) + length * (1 + inner.values),
      fields: 1,
      depth: 1 + inner.depth,
      path: inner.path ? `${name}.${inner.path}` : asked === undefined && own === undefined ? '' : name,
    };
  }

  /** How long the list is that the field is, or has one field below; undefined where its arguments do not say. */
  #lengthOf(field: GraphQLField<unknown, unknown>, { arguments: given = [] }: FieldNode): number | undefined {
    const sizes = field.args.filter(({ name }) => SIZE_ARGUMENTS.includes(name));
    if (sizes.length === 0) return undefined;
    const values = sizes.flatMap(({ name, defaultValue }) => {
      const value =
        this.#valueOf(given.find((argument) => argument.name.value === name)?.value) ?? defaultValue;
      return typeof value === 'number' ? [Math.max(0, Math.min(value, PAGE_SIZES.maxSize))] : [];
    });
    return values.length === 0 ? PAGE_SIZES.defaultSize : Math.max(...values);
  }

  #valueOf(node: ValueNode | undefined): unknown {
    if (node?.kind === Kind.INT) return Number(node.value);
    if (node?.kind !== Kind.VARIABLE) return undefined;
    const name = node.name.value;
    return name in this.#variables ? this.#variables[name] : this.#valueOf(this.#defaults.get(name));
  }

  #typeOf(name: string | undefined): GraphQLNamedType | undefined {
    return name === undefined ? undefined : this.#schema.getType(name);
  }
}

function fieldOf(
  parent: GraphQLNamedType | undefined,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
  if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

const isList = ({ type }: GraphQLField<unknown, unknown>): boolean =>
  isListType(isNonNullType(type) ? type.ofType : type);
