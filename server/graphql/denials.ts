import {
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  Kind,
  type ExecutionArgs,
  type FieldNode,
  type GraphQLError,
  type SelectionSetNode,
} from 'graphql';
import type { AuditTarget } from '../access/audit/chain.ts';
import type { Asked } from '../access/audit/denials.ts';
import type { Context } from './context.ts';

/** What somebody was refused: the root field, and what it was to be done to. */
export interface Denial {
  action: string;
  error: GraphQLError;
  asked: Asked;
  targets: AuditTarget[];
}

/**
 * Has what the errors of an execution refuse written down, once a root field; which of them are denials is decided
 * there. Where the answer may be for several who ask, the context takes it: it is noted of each of them.
 */
export async function noteDenials(
  args: Pick<ExecutionArgs, 'schema' | 'document' | 'operationName' | 'variableValues' | 'contextValue'>,
  errors: readonly GraphQLError[] | undefined,
): Promise<void> {
  if (!errors?.length) return;
  const context = args.contextValue as Context;
  const operation = getOperationAST(args.document, args.operationName)!;
  const asked: Asked = operation.operation === 'mutation' ? 'ACT' : 'QUESTION';
  const fieldOf = (key: string) => rootField(args.document, operation.selectionSet, key);
  for (const key of new Set(errors.map(({ path }) => path?.[0]))) {
    const field = typeof key === 'string' && fieldOf(key);
    if (!field) continue;
    const action = field.name.value;
    const targets = asked === 'ACT' ? targetsIn(action, argumentsOf(args, field)) : [];
    for (const error of oneOfEachCode(errors.filter(({ path }) => path?.[0] === key))) {
      const denial = { action, error, asked, targets };
      if (context.denied) context.denied.push(denial);
      else await context.deps.denials.note(context, action, error, denial);
    }
  }
}

const codeOf = ({ extensions }: GraphQLError) => extensions['code'];
const oneOfEachCode = (errors: readonly GraphQLError[]) =>
  errors.filter((error, at) => errors.findIndex((other) => codeOf(other) === codeOf(error)) === at);

/** The field that stands in the answer under this key. */
function rootField(
  document: ExecutionArgs['document'],
  { selections }: SelectionSetNode,
  key: string,
): FieldNode | undefined {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      if ((selection.alias ?? selection.name).value === key) return selection;
      continue;
    }
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT
        ? selection
        : document.definitions.find(
            (definition) =>
              definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
          );
    const found = fragment && 'selectionSet' in fragment && rootField(document, fragment.selectionSet!, key);
    if (found) return found;
  }
  return undefined;
}

function argumentsOf(
  { schema, document, operationName, variableValues }: Parameters<typeof noteDenials>[0],
  field: FieldNode,
): object {
  const { variableDefinitions = [] } = getOperationAST(document, operationName)!;
  const { coerced } = getVariableValues(schema, variableDefinitions, variableValues ?? {});
  return getArgumentValues(schema.getMutationType()!.getFields()[field.name.value]!, field, coerced);
}

/** Of a request that may be anybody's no more is written down, each cut to this length. */
const MOST_TARGETS = 20;
const LONGEST_ID = 64;

/**
 * What a mutation's arguments say it is to be done to: `managerId` and `clusterIds` are of what they are called by, an
 * `id` is of what the mutation is called by (`updatePerson`).
 */
function targetsIn(action: string, args: object): AuditTarget[] {
  const idsIn = (value: object): AuditTarget[] =>
    Object.entries(value).flatMap(([key, part]: [string, unknown]) => {
      const [isId, of = action.replace(/^[a-z]+/, '')] = /^(?:id|([a-z]+)Ids?)$/.exec(key) ?? [];
      if (isId === undefined) return isRecord(part) ? idsIn(part) : [];
      const type = of.charAt(0).toUpperCase() + of.slice(1);
      const ids = [part].flat().filter((id) => typeof id === 'string');
      return ids.slice(0, MOST_TARGETS).map((id) => ({ type, id: id.slice(0, LONGEST_ID), name: null }));
    });
  return idsIn(args).slice(0, MOST_TARGETS);
}

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
