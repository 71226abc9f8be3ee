import { setTimeout } from 'node:timers/promises';
import type { GraphQLError } from 'graphql';
import {
  createSourceEventStream,
  execute,
  getOperationAST,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type OperationDefinitionNode,
} from 'graphql';
import { LiveStream, type LiveEvent } from '../../platform/live-stream.ts';
import { scopeOf } from '../../access/principal.ts';
import type { Context } from '../context.ts';
import { noteDenials } from '../denials.ts';
import type { Shareable } from './shared.ts';

type Mask = (error: unknown) => GraphQLError;

/** What a subscription turns out to be once it has begun: refused, one that can be shared, or any other stream. */
export type Opened =
  | { kind: 'refused'; errors: readonly GraphQLError[] }
  | { kind: 'shareable'; shareable: Shareable }
  | { kind: 'single'; results: AsyncIterableIterator<ExecutionResult> };

/** Begins a subscription: checks who asks and for what, and opens its stream. */
export async function openSubscription(args: ExecutionArgs, mask: Mask): Promise<Opened> {
  let stream: AsyncIterable<unknown> | ExecutionResult;
  try {
    stream = await createSourceEventStream(args);
  } catch (error) {
    return { kind: 'refused', errors: [mask(error)] };
  }
  if (!(Symbol.asyncIterator in stream)) {
    await noteDenials(args, stream.errors);
    return { kind: 'refused', errors: (stream.errors ?? []).map(mask) };
  }
  const step = async (event: unknown): Promise<ExecutionResult> => {
    // A context of its own: what was found out about rights at one event does not hold at the next.
    const contextValue = { ...(args.contextValue as Context) };
    const { data, errors } = await execute({ ...args, contextValue, rootValue: event });
    return errors ? { errors: errors.map(mask), data } : { data };
  };
  if (!(stream instanceof LiveStream)) return { kind: 'single', results: mapped(stream, step) };
  return {
    kind: 'shareable',
    shareable: {
      key: keyOf(args),
      stream: stream as LiveStream<LiveEvent>,
      execute: async (event, abandoned) => {
        // An error in the place of a change would be a gap: the change is told when it can be read.
        let result = await step(event);
        while (isAway(result) && !abandoned.aborted) {
          await setTimeout(RETRY_MS);
          result = await step(event);
        }
        return Buffer.from(JSON.stringify(result));
      },
      errorsOf: (error) => [mask(error)],
    },
  };
}

const RETRY_MS = 250;

const isAway = ({ errors }: ExecutionResult): boolean =>
  errors?.some(({ extensions }) => extensions['code'] === 'UNAVAILABLE') ?? false;

/** Ends at once when its consumer does: a generator would first wait for the next event. */
function mapped(
  events: AsyncIterable<unknown>,
  step: (event: unknown) => Promise<ExecutionResult>,
): AsyncIterableIterator<ExecutionResult> {
  const inner = events[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { done, value } = await inner.next();
      return done ? { done, value: undefined } : { done: false, value: await step(value) };
    },
    return: async () => {
      await inner.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Equal for subscriptions whose results are equal at each position. */
function keyOf({ document, operationName, variableValues, contextValue }: ExecutionArgs): string {
  const operation = getOperationAST(document, operationName)!;
  const places = placesIn(operation);
  const variables = Object.entries(variableValues ?? {})
    .filter(([name]) => !places.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const scope = scopeOf((contextValue as Context).principal);
  return JSON.stringify([scope, operation.name?.value, variables, sourceOf(document)]);
}

/** Variables of the type `Revision`: they say where a consumer begins, not what it is told from there. */
const placesIn = ({ variableDefinitions = [] }: OperationDefinitionNode): Set<string> =>
  new Set(
    variableDefinitions
      .filter(({ type }) => type.kind === 'NamedType' && type.name.value === 'Revision')
      .map(({ variable }) => variable.name.value),
  );

const sourceOf = ({ loc }: DocumentNode): string => {
  if (!loc) throw new Error('A document without its source cannot be told from others.');
  return loc.source.body;
};
